// The listener's figures: counted on its thread, read by /metrics on another.
#pragma once

#include "core/metrics.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace modax::mqtt {

struct Counters {
    using Count = std::atomic<std::uint64_t>;

    Count connections{0};  // gauges
    Count sessions{0};
    Count subscriptions{0};
    Count retained{0};
    Count connections_total{0};
    Count connections_refused{0};
    Count authentication_refused{0};
    Count protocol_errors{0};
    std::array<Count, 3> received{};  // messages by QoS
    std::array<Count, 3> sent{};
    Count bytes_received{0};
    Count bytes_sent{0};
    Count over_quota{0};       // received above the rate of a client and not taken
    Count dropped_slow{0};     // QoS 0 for a client that does not read
    Count dropped_queue{0};    // queue of a session is full
    Count dropped_expired{0};  // message expiry
    Count dropped_size{0};     // larger than the client takes

    static void add(Count& count, std::uint64_t value = 1) {
        count.fetch_add(value, std::memory_order_relaxed);
    }
    static void set(Count& count, std::uint64_t value) {
        count.store(value, std::memory_order_relaxed);
    }
    void collect(MetricSink& sink) const;
};

}  // namespace modax::mqtt
