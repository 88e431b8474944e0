// modax_flood: the fast MQTT peer of the tests and benchmarks. `publish` floods a broker with
// readings, `subscribe` drains one. Prints one line of JSON at the end.
// Exit: 0 done, 2 wrong use, 3 connection refused or lost, 4 out of time, 5 messages refused.
#include "support/flood/publisher.hpp"
#include "support/flood/subscriber.hpp"

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

namespace {

using namespace modax::flood;

enum Exit : int {
    k_done = 0,
    k_failed = 1,
    k_wrong_use = 2,
    k_unreachable = 3,
    k_out_of_time = 4,
    k_refused = 5
};

Publisher* g_publisher = nullptr;
Subscriber* g_subscriber = nullptr;

void on_signal(int /*signal*/) {
    if (g_publisher != nullptr) g_publisher->stop();
    if (g_subscriber != nullptr) g_subscriber->stop();
}

struct PeerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 1883;
    unsigned version = 4;
    std::string user;
    std::string password;
    bool tls = false;
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
};

void add_peer_options(CLI::App& app, PeerOptions& peer) {
    app.add_option("--host", peer.host, "broker");
    app.add_option("--port", peer.port, "port")->required();
    app.add_option("--mqtt-version", peer.version, "4 (3.1.1) or 5")->check(CLI::IsMember({4, 5}));
    app.add_option("--user", peer.user, "user name");
    app.add_option("--password", peer.password, "password");
    app.add_flag("--tls", peer.tls, "TLS");
    app.add_option("--ca", peer.ca_file, "CA file; without it the broker is not verified");
    app.add_option("--cert", peer.certificate_file, "client certificate");
    app.add_option("--key", peer.key_file, "key of the client certificate");
}

Peer make_peer(const PeerOptions& options, const TlsContext& tls) {
    Peer peer;
    peer.host = options.host;
    peer.address = resolve(options.host, options.port);
    peer.tls = tls.get();
    peer.version = static_cast<std::uint8_t>(options.version);
    peer.user = options.user;
    peer.password = options.password;
    return peer;
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char character : text) {
        if (character == '"' || character == '\\') out.push_back('\\');
        out.push_back(character);
    }
    return out + "\"";
}

void print_latency(const Histogram& latency) {
    std::printf(
        R"("latency_us":{"count":%llu,"p50":%lld,"p90":%lld,"p99":%lld,"max":%lld})",
        static_cast<unsigned long long>(latency.count()),
        static_cast<long long>(latency.quantile(0.5)),
        static_cast<long long>(latency.quantile(0.9)),
        static_cast<long long>(latency.quantile(0.99)),
        static_cast<long long>(latency.highest())
    );
}

int publish(PublisherOptions options) {
    Publisher publisher{std::move(options)};
    g_publisher = &publisher;
    const auto report = publisher.run();
    g_publisher = nullptr;
    std::printf(
        "{\"mode\":\"publish\",\"sent\":%llu,\"acknowledged\":%llu,\"redelivered\":%llu,"
        "\"refused\":%llu,\"losses\":%llu,\"payload_bytes\":%zu,",
        static_cast<unsigned long long>(report.sent),
        static_cast<unsigned long long>(report.acknowledged),
        static_cast<unsigned long long>(report.redelivered),
        static_cast<unsigned long long>(report.refused),
        static_cast<unsigned long long>(report.losses),
        report.payload_size
    );
    std::printf(
        "\"connect_seconds\":%.3f,\"seconds\":%.6f,\"rate\":%.1f,\"first_publish_us\":%lld,"
        "\"last_acknowledgement_us\":%lld,\"cpu_seconds\":%.3f,",
        report.connect_seconds,
        report.seconds,
        report.seconds > 0 ? static_cast<double>(report.acknowledged) / report.seconds : 0.0,
        static_cast<long long>(report.first_publish_micros),
        static_cast<long long>(report.last_acknowledgement_micros),
        cpu_seconds()
    );
    print_latency(report.latency);
    std::printf(",\"reason\":%s}\n", quoted(report.reason).c_str());
    switch (report.end) {
        case PublisherReport::End::connection_lost:
            return k_unreachable;
        case PublisherReport::End::timed_out:
            return k_out_of_time;
        case PublisherReport::End::complete:
            break;
    }
    return report.refused > 0 ? k_refused : k_done;
}

int subscribe(SubscriberOptions options) {
    Subscriber subscriber{std::move(options), [] {
                              std::puts("ready");
                              std::fflush(stdout);
                          }};
    g_subscriber = &subscriber;
    const auto report = subscriber.run();
    g_subscriber = nullptr;
    const auto seconds = static_cast<double>(report.last_micros - report.first_micros) / 1e6;
    std::printf(
        "{\"mode\":\"subscribe\",\"received\":%llu,\"seconds\":%.6f,\"rate\":%.1f,\"first_us\":%"
        "lld,"
        "\"last_us\":%lld,\"cpu_seconds\":%.3f,",
        static_cast<unsigned long long>(report.received),
        seconds,
        seconds > 0 ? static_cast<double>(report.received) / seconds : 0.0,
        static_cast<long long>(report.first_micros),
        static_cast<long long>(report.last_micros),
        cpu_seconds()
    );
    print_latency(report.latency);
    std::printf(",\"reason\":%s}\n", quoted(report.reason).c_str());
    return report.complete ? k_done : k_unreachable;
}

void add_publish_options(CLI::App& app, PublisherOptions& options, unsigned& qos, long& seconds) {
    app.add_option("--connections", options.connections, "connections")
        ->check(CLI::Range(1, 20000));
    app.add_option("--devices", options.devices, "devices; 0: one for each connection")
        ->check(CLI::Range(0, 99999));
    app.add_option("--qos", qos, "0 or 1")->check(CLI::Range(0, 1));
    app.add_option("--window", options.window, "unacknowledged messages of one connection")
        ->check(CLI::Range(1, 65535));
    app.add_option("--count", options.count, "messages in all");
    app.add_option("--seconds", seconds, "publishes for so long");
    app.add_option("--rate", options.rate, "messages per second in all; 0: as fast as it goes");
    app.add_option("--first-sequence", options.first_sequence, "ten digits")
        ->check(CLI::Range(k_lowest_sequence, k_highest_sequence));
    app.add_option("--topic-prefix", options.topic_prefix, "in front of /DEVICE");
    app.add_option("--device-prefix", options.device_prefix, "in front of -NUMBER");
    app.add_option("--client-prefix", options.client_prefix, "in front of -NUMBER");
    app.add_option("--ledger", options.ledger_file, "gets a line for each PUBACK");
}

int run(int argc, char** argv) {
    CLI::App app{"The fast MQTT peer of the tests and benchmarks"};
    app.require_subcommand(1);
    PeerOptions peer;
    unsigned qos = 1;
    long seconds = 0;
    long limit = 300;
    long reconnect = 0;
    long idle = 0;

    PublisherOptions publisher;
    auto* publishing = app.add_subcommand("publish", "floods a broker with readings");
    add_peer_options(*publishing, peer);
    add_publish_options(*publishing, publisher, qos, seconds);
    publishing->add_option("--limit", limit, "gives up after so many seconds");
    publishing->add_option("--reconnect", reconnect, "keeps trying for so many seconds");

    SubscriberOptions subscriber;
    auto* subscribing = app.add_subcommand("subscribe", "drains a broker");
    add_peer_options(*subscribing, peer);
    subscribing->add_option("--connections", subscriber.connections, "connections");
    subscribing->add_option("--filter", subscriber.filter, "topic filter");
    subscribing->add_option("--qos", qos, "0 or 1")->check(CLI::Range(0, 1));
    subscribing->add_option("--expect", subscriber.expect, "ends after so many messages");
    subscribing->add_option("--idle", idle, "ends so many seconds after the last message");
    subscribing->add_option("--limit", limit, "ends after so many seconds");
    subscribing->add_flag("--latency", subscriber.latency, "by the timestamps in the payloads");
    subscribing->add_option("--client-prefix", subscriber.client_prefix, "in front of -NUMBER");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? k_done : k_wrong_use;
    }

    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGTERM, on_signal);
    std::signal(SIGINT, on_signal);
    TlsContext tls;
    if (peer.tls) tls = make_tls_context(peer.ca_file, peer.certificate_file, peer.key_file);
    if (subscribing->parsed()) {
        subscriber.peer = make_peer(peer, tls);
        subscriber.qos = static_cast<std::uint8_t>(qos);
        subscriber.idle = std::chrono::seconds{idle};
        subscriber.limit = std::chrono::seconds{limit};
        return subscribe(std::move(subscriber));
    }
    if (publisher.count == 0 && seconds == 0) {
        std::fputs("modax_flood publish: give --count or --seconds\n", stderr);
        return k_wrong_use;
    }
    publisher.peer = make_peer(peer, tls);
    publisher.qos = static_cast<std::uint8_t>(qos);
    publisher.duration = std::chrono::seconds{seconds};
    publisher.limit = std::chrono::seconds{limit};
    publisher.reconnect = std::chrono::seconds{reconnect};
    return publish(std::move(publisher));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "modax_flood: %s\n", error.what());
        return k_failed;
    }
}
