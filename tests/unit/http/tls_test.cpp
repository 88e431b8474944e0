// HTTPS and WebSocket over TLS, asked by independent clients.
#include "support/temporary_directory.hpp"
#include "unit/http/server_fixture.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace modax::http {
namespace {

class Tls : public ServerTest {
protected:
    void SetUp() override {
        const auto certificate = directory_.path() / "server.crt";
        const auto key = directory_.path() / "server.key";
        const std::string command =
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
            "-addext subjectAltName=IP:127.0.0.1,DNS:localhost -out " +
            certificate.string() + " -keyout " + key.string() + " 2>/dev/null";
        if (std::system(command.c_str()) != 0) GTEST_SKIP() << "needs the openssl program";
        options_.tls = Address{};
        options_.certificate_file = certificate;
        options_.key_file = key;
    }
    // Runs a Python program; returns what it printed. It finds the port and the certificate in
    // sys.argv.
    std::string python(const std::string& program) {
        const auto file = directory_.path() / "client.py";
        const auto output = directory_.path() / "output";
        std::ofstream{file} << program;
        const std::string command =
            "/usr/bin/python3 -W ignore " + file.string() + " " + std::to_string(tls_port_) + " " +
            options_.certificate_file.string() + " > " + output.string() + " 2>&1";
        // What went wrong is in the output.
        if (std::system(command.c_str()) == -1) return "cannot start a shell";
        std::ifstream read{output};
        return {std::istreambuf_iterator<char>{read}, {}};
    }
    static bool has_python(const std::string& module) {
        return std::system(("/usr/bin/python3 -c 'import " + module + "' 2>/dev/null").c_str()) ==
               0;
    }

    test::TemporaryDirectory directory_;
};

TEST_F(Tls, the_requirements_example_with_requests) {
    if (!has_python("requests")) GTEST_SKIP() << "needs python3-requests";
    start();
    publish(reading("cnc-machine-01", 42.5));
    EXPECT_EQ(
        python(R"(import requests, sys
response = requests.get(
    f"https://127.0.0.1:{sys.argv[1]}/api/v1/devices/cnc-machine-01/data",
    headers={"X-API-Key": "all", "Content-Type": "application/json"},
    verify=sys.argv[2], timeout=10)
response.raise_for_status()
print(response.json()["temperature"])
)"),
        "42.5\n"
    );
}

TEST_F(Tls, versions_alpn_and_a_large_answer) {
    if (!has_python("ssl")) GTEST_SKIP() << "needs /usr/bin/python3";
    start();
    for (int i = 0; i < 5000; ++i) {
        auto one = reading("press-01", i, i);
        one.time += std::chrono::milliseconds{i};
        readings_.add(one);
    }
    clock_.advance(std::chrono::minutes{1});
    EXPECT_EQ(
        python(R"(import http.client, json, socket, ssl, sys
port, authority = int(sys.argv[1]), sys.argv[2]
def context():
    made = ssl.create_default_context(cafile=authority)
    made.set_alpn_protocols(["http/1.1"])
    return made
def connect(made):
    return made.wrap_socket(
        socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    made = context()
    made.minimum_version = made.maximum_version = version
    with connect(made) as stream:
        print(stream.version(), stream.selected_alpn_protocol())
made = context()
made.set_ciphers("ALL:@SECLEVEL=0")
made.minimum_version = ssl.TLSVersion.TLSv1
made.maximum_version = ssl.TLSVersion.TLSv1_1
try:
    connect(made)
    print("1.1 taken")
except (ssl.SSLError, OSError):
    print("1.1 refused")
client = http.client.HTTPSConnection("127.0.0.1", port, context=context(), timeout=10)
for _ in range(2):
    client.request("GET", "/api/v1/devices/press-01/history?limit=5000", headers={"X-API-Key": "all"})
    print(len(json.load(client.getresponse())["readings"]))
)"),
        "TLSv1.2 http/1.1\nTLSv1.3 http/1.1\n1.1 refused\n5000\n5000\n"
    );
}

TEST_F(Tls, websocket_client) {
    if (!has_python("websocket")) GTEST_SKIP() << "needs python3-websocket";
    start();
    publish(reading("press-01", 1));
    publish(reading("press-01", 2));
    EXPECT_EQ(
        python(R"(import json, sys, websocket
client = websocket.create_connection(
    f"wss://localhost:{sys.argv[1]}/ws?since=1", header=["X-API-Key: all"],
    sslopt={"ca_certs": sys.argv[2]}, timeout=10)
print(json.loads(client.recv())["seq"])
client.close()
)"),
        "2\n"
    );
}

TEST_F(Tls, a_wrong_certificate_is_refused_at_start) {
    options_.certificate_file = directory_.path() / "missing.crt";
    Server server{
        options_,
        Dependencies{
            keys_,
            api_keys_,
            users_,
            audit_,
            trail_,
            readings_,
            hub_,
            devices_,
            accounting_,
            [] { return std::string{}; },
            {},
            clock_,
            random_,
            log_,
            "1",
            readings_,
            exporter_}};
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::invalid_argument);
    EXPECT_NE(started.error().detail.find("missing.crt"), std::string::npos);
}

}  // namespace
}  // namespace modax::http
