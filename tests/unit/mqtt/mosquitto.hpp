// A real Mosquitto on a free port of the loopback interface, stopped with the test.
#pragma once

#include "support/temporary_directory.hpp"

#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace modax::test {

// Empty when it isn't installed.
inline std::string find_program(const std::string& name) {
    for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"}) {
        const std::string path = folder + name;
        if (access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

inline pid_t spawn(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", 1, 0);
    }
    pid_t pid = -1;
    const int failed =
        posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error{"cannot start " + command.front()};
    return pid;
}

inline void run(const std::vector<std::string>& command) {
    int status = 0;
    waitpid(spawn(command), &status, 0);
    if (status != 0) throw std::runtime_error{"failed: " + command.front()};
}

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline std::uint16_t free_port() {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    const bool bound =
        bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
        getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(descriptor);
    if (!bound) throw std::runtime_error{"no free port"};
    return ntohs(address.sin_port);
}

inline bool accepts_connections(std::uint16_t port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(port);
    const int failed = connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    close(descriptor);
    return failed == 0;
}

class Mosquitto {
public:
    static bool installed() { return !find_program("mosquitto").empty(); }

    // `settings`: further lines of its configuration.
    explicit Mosquitto(const std::string& settings = {}) : port_{free_port()} {
        std::ofstream file{directory_.path() / "mosquitto.conf"};
        file << "listener " << port_ << " 127.0.0.1\n"
             << "persistence true\npersistence_location " << directory_.path().string() << "/\n"
             << "max_queued_messages 0\n"
             << "user " << (geteuid() == 0 ? "root" : "mosquitto") << '\n'
             << (settings.find("allow_anonymous") == std::string::npos ? "allow_anonymous true\n"
                                                                       : "")
             << settings;
        file.close();
        start();
    }
    Mosquitto(const Mosquitto&) = delete;
    Mosquitto& operator=(const Mosquitto&) = delete;
    ~Mosquitto() { kill(); }

    std::uint16_t port() const { return port_; }

    void start() {
        pid_ =
            spawn({find_program("mosquitto"), "-c", (directory_.path() / "mosquitto.conf").string()}
            );
        for (int attempt = 0; attempt < 500; ++attempt) {
            if (accepts_connections(port_)) return;
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        throw std::runtime_error{"mosquitto does not listen"};
    }
    // Keeps its sessions and messages.
    void stop() { end(SIGTERM); }
    // Forgets what it had.
    void kill() { end(SIGKILL); }

private:
    void end(int signal) {
        if (pid_ <= 0) return;
        ::kill(pid_, signal);
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

    TemporaryDirectory directory_;
    std::uint16_t port_;
    pid_t pid_ = -1;
};

// A CA and a certificate for "localhost" and 127.0.0.1, made by the openssl program.
class TestCertificates {
public:
    static bool possible() { return !find_program("openssl").empty(); }

    explicit TestCertificates(const std::string& name = "localhost") {
        const std::string openssl = find_program("openssl");
        const auto file = [this](const char* leaf) { return (directory_.path() / leaf).string(); };
        run(
            {openssl,
             "req",
             "-x509",
             "-newkey",
             "ec",
             "-pkeyopt",
             "ec_paramgen_curve:P-256",
             "-nodes",
             "-keyout",
             file("ca.key"),
             "-out",
             file("ca.pem"),
             "-days",
             "2",
             "-subj",
             "/CN=test CA"}
        );
        run(
            {openssl,
             "req",
             "-newkey",
             "ec",
             "-pkeyopt",
             "ec_paramgen_curve:P-256",
             "-nodes",
             "-keyout",
             file("server.key"),
             "-out",
             file("server.csr"),
             "-subj",
             "/CN=" + name}
        );
        std::ofstream{file("names")} << "subjectAltName=DNS:" << name
                                     << (name == "localhost" ? ",IP:127.0.0.1" : "") << '\n';
        run(
            {openssl,
             "x509",
             "-req",
             "-in",
             file("server.csr"),
             "-CA",
             file("ca.pem"),
             "-CAkey",
             file("ca.key"),
             "-CAcreateserial",
             "-out",
             file("server.pem"),
             "-days",
             "2",
             "-extfile",
             file("names")}
        );
    }

    std::filesystem::path ca() const { return directory_.path() / "ca.pem"; }
    std::filesystem::path certificate() const { return directory_.path() / "server.pem"; }
    std::filesystem::path key() const { return directory_.path() / "server.key"; }
    std::string mosquitto_settings() const {
        return "cafile " + ca().string() + "\ncertfile " + certificate().string() + "\nkeyfile " +
               key().string() + "\n";
    }

private:
    TemporaryDirectory directory_;
};

}  // namespace modax::test
