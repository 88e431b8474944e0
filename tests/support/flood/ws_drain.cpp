// modax_ws_drain: many WebSocket clients that read as fast as they can, to measure fan-out and
// latency. Prints "ready" when all are open and one line of JSON at the end, which is a signal, the
// time limit, the expected frames, or that the server has closed every client.
// Exit: 0 done, 1 wrong set-up, 3 a client could not connect, 4 out of time.
#include "support/flood/histogram.hpp"
#include "support/flood/reading_template.hpp"
#include "support/flood/websocket_client.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace modax::flood;
using Clock = std::chrono::steady_clock;

enum Exit : int { k_done = 0, k_failed = 1, k_wrong_use = 2, k_unreachable = 3, k_out_of_time = 4 };

volatile std::sig_atomic_t g_stop = 0;

void on_signal(int /*signal*/) {
    g_stop = 1;
}

struct Options {
    WebSocketPeer peer;
    unsigned connections = 1;
    unsigned stalled = 0;
    std::uint64_t expect = 0;
    unsigned limit_seconds = 300;
    bool tls = false;
    bool latency = false;
    std::string ca_file;
};

class Drain {
public:
    explicit Drain(Options options) : options_{std::move(options)} {}

    int run() {
        started_ = Clock::now();
        while (true) {
            if (!open_more()) return k_unreachable;
            for (const auto& event : poller_.wait(std::chrono::milliseconds{20})) {
                drain(event.data.u64);
            }
            if (!ready_ && open_ == options_.connections) announce();
            if (g_stop != 0 || gone_ == options_.connections) break;
            if (options_.expect > 0 && least_frames() >= options_.expect) break;
            if (Clock::now() - started_ > std::chrono::seconds{options_.limit_seconds}) {
                report();
                return options_.expect > 0 ? k_out_of_time : k_done;
            }
        }
        report();
        return k_done;
    }

private:
    bool open_more() {
        constexpr unsigned k_at_once = 64;
        while (clients_.size() < options_.connections && clients_.size() - open_ < k_at_once) {
            clients_.push_back(
                std::make_unique<WebSocketClient>(options_.peer, poller_, clients_.size())
            );
        }
        if (ready_) return true;
        for (const auto& client : clients_) {
            if (client->has_ended() && !client->is_open()) {
                std::fprintf(stderr, "modax_ws_drain: %s\n", client->reason().c_str());
                return false;
            }
        }
        return true;
    }

    void announce() {
        ready_ = true;
        std::puts("ready");
        std::fflush(stdout);
    }

    void drain(std::size_t index) {
        auto& client = *clients_[index];
        const bool was_open = client.is_open();
        // A stalled client opens and then never reads again.
        if (was_open && index < options_.stalled) {
            poller_.ignore(client.descriptor());
            return;
        }
        const bool alive = client.on_event([this](std::string_view text) { received(text); });
        if (client.is_open() && !was_open) ++open_;
        if (!alive) {
            ++gone_;
            ++ended_[client.close_code()];
            poller_.ignore(client.descriptor());
        }
    }

    void received(std::string_view text) {
        const auto now = wall_micros();
        if (frames_++ == 0) first_ = now;
        last_ = now;
        if (text.starts_with(R"({"gap")")) ++gaps_;
        if (text.find(R"("type":"reading")") != std::string_view::npos) ++readings_;
        if (!options_.latency) return;
        if (const auto sent = timestamp_of(text)) latency_.add(now - *sent);
    }

    std::uint64_t least_frames() const {
        std::uint64_t least = UINT64_MAX;
        for (std::size_t index = options_.stalled; index < clients_.size(); ++index) {
            least = std::min(least, clients_[index]->frames());
        }
        return clients_.size() < options_.connections ? 0 : least;
    }

    void report() const {
        std::uint64_t most = 0;
        std::uint64_t bytes = 0;
        for (const auto& client : clients_) {
            most = std::max(most, client->frames());
            bytes += client->bytes();
        }
        const auto seconds = static_cast<double>(last_ - first_) / 1e6;
        std::printf(
            "{\"mode\":\"ws_drain\",\"frames\":%llu,\"readings\":%llu,\"bytes\":%llu,\"least\":%"
            "llu,"
            "\"most\":%llu,\"gaps\":%llu,\"seconds\":%.6f,\"rate\":%.1f,",
            number(frames_),
            number(readings_),
            number(bytes),
            number(least_frames()),
            number(most),
            number(gaps_),
            seconds,
            seconds > 0 ? static_cast<double>(frames_) / seconds : 0.0
        );
        std::printf("\"closed\":{");
        const char* separator = "";
        for (const auto& [code, count] : ended_) {
            std::printf("%s\"%u\":%llu", separator, static_cast<unsigned>(code), number(count));
            separator = ",";
        }
        std::printf(
            "},\"latency_us\":{\"count\":%llu,\"p50\":%lld,\"p90\":%lld,\"p99\":%lld,\"max\":%lld}}"
            "\n",
            number(latency_.count()),
            signed_number(latency_.quantile(0.5)),
            signed_number(latency_.quantile(0.9)),
            signed_number(latency_.quantile(0.99)),
            signed_number(latency_.highest())
        );
    }

    static unsigned long long number(std::uint64_t value) { return value; }
    static long long signed_number(std::int64_t value) { return value; }

    Options options_;
    Poller poller_;
    std::vector<std::unique_ptr<WebSocketClient>> clients_;
    std::size_t open_ = 0;
    std::size_t gone_ = 0;
    bool ready_ = false;
    Clock::time_point started_;
    std::map<std::uint16_t, std::uint64_t> ended_;
    std::uint64_t frames_ = 0;
    std::uint64_t readings_ = 0;
    std::uint64_t gaps_ = 0;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;
    Histogram latency_;
};

int run(int argc, char** argv) {
    CLI::App app{"Many WebSocket clients that read as fast as they can"};
    Options options;
    app.add_option("--host", options.peer.host, "server");
    app.add_option("--port", options.peer.port, "port")->required();
    app.add_option("--path", options.peer.path, "path");
    app.add_option("--key", options.peer.key, "API key");
    app.add_option("--connections", options.connections, "clients")->check(CLI::Range(1, 20000));
    app.add_option("--stalled", options.stalled, "so many of them never read");
    app.add_option("--expect", options.expect, "ends when each client has so many frames");
    app.add_option("--limit", options.limit_seconds, "ends after so many seconds");
    app.add_flag("--tls", options.tls, "TLS");
    app.add_option("--ca", options.ca_file, "CA file; without it the server is not verified");
    app.add_flag("--latency", options.latency, "by the timestamps in the readings");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? k_done : k_wrong_use;
    }

    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGTERM, on_signal);
    std::signal(SIGINT, on_signal);
    TlsContext tls;
    if (options.tls) tls = make_tls_context(options.ca_file, {}, {});
    options.peer.tls = tls.get();
    options.peer.address = resolve(options.peer.host, options.peer.port);
    return Drain{std::move(options)}.run();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "modax_ws_drain: %s\n", error.what());
        return k_failed;
    }
}
