// The server's counters. Each I/O thread has a set of its own, so that counting costs no locked
// instruction; they are added up when asked for.
#pragma once

#include "core/metrics.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace modax::http {

// Written by one thread, read by any.
class Counter {
public:
    void add(std::uint64_t count) {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) Figures {
    static constexpr std::size_t k_max_routes = 96;  // the last one counts what has no route

    struct PerRoute {
        std::array<Counter, 5> by_class;  // 1xx to 5xx
        Counter nanoseconds;
    };
    std::array<PerRoute, k_max_routes> routes;
    Counter connections;
    Counter bytes_received;
    Counter bytes_sent;
    Counter live_events;     // frames handed to WebSocket clients
    Counter live_conflated;  // events left out for slow clients
    Counter live_closed_slow;
    Counter live_opened;
    Counter live_closed;

    // `status` 100 to 599.
    void count(std::size_t route, int status, std::uint64_t nanoseconds);
};

void collect_figures(std::span<const Figures* const> all, MetricSink& sink);

}  // namespace modax::http
