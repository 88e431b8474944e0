// Subscribes and throws away: the fastest consumer there is, to measure what a broker forwards and
// how late. One thread.
#pragma once

#include "support/flood/histogram.hpp"
#include "support/flood/link.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace modax::flood {

struct SubscriberOptions {
    Peer peer;
    unsigned connections = 1;
    std::string filter = "modax/sensor/data/#";
    std::uint8_t qos = 1;
    std::uint64_t expect = 0;         // ends after so many messages in all; 0: on a signal or limit
    std::chrono::seconds idle{0};     // ends so long after the last message; 0: never
    std::chrono::seconds limit{300};  // ends after this time
    bool latency = false;             // by the "timestamp" of each payload
    std::string client_prefix = "modax-drain";
};

struct SubscriberReport {
    bool complete = false;  // got what was expected, or was told to stop
    std::string reason;
    std::uint64_t received = 0;
    std::int64_t first_micros = 0;
    std::int64_t last_micros = 0;
    Histogram latency;
};

class Subscriber {
public:
    // `ready` is called once, when every subscription is granted.
    Subscriber(SubscriberOptions options, std::function<void()> ready);
    SubscriberReport run();
    void stop() noexcept { stop_ = 1; }  // from a signal handler

private:
    void received(Link& link, const Packet& packet);
    bool is_finished();

    SubscriberOptions options_;
    std::function<void()> ready_;
    Poller poller_;
    std::vector<std::unique_ptr<Link>> links_;
    std::vector<bool> subscribed_;
    unsigned granted_ = 0;
    SubscriberReport report_;
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point last_message_;
    volatile std::sig_atomic_t stop_ = 0;
};

}  // namespace modax::flood
