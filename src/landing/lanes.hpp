// The two queues in front of the writer. Thread-safe. The acknowledged lane takes everything and
// says when its senders must stop; the other one refuses what does not fit.
#pragma once

#include "core/landing.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

namespace modax::landing {

class Lanes {
public:
    using Lane = GroupWriter::Lane;

    Lanes(std::size_t acknowledged_capacity, std::size_t fire_and_forget_capacity)
        : capacities_{acknowledged_capacity, fire_and_forget_capacity} {}

    bool submit(IngestGroup& group, Lane lane);
    bool full(Lane lane) const { return depth(lane) >= capacities_[index(lane)]; }
    // In items; what was taken counts until finished().
    std::size_t depth(Lane lane) const {
        return depths_[index(lane)].load(std::memory_order_relaxed);
    }

    // Whole groups of up to `max_items` together (at least one group), the acknowledged lane
    // first. Waits up to `patience` while there are none; returns at once when stopped.
    std::vector<IngestGroup> take(std::size_t max_items, std::chrono::milliseconds patience);
    // What the last take() gave is done with.
    void finished();
    void stop();
    bool stopped() const;
    // Waits, ends early when stopped.
    void pause(std::chrono::milliseconds length);

private:
    static std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }
    static std::size_t weight(const IngestGroup& group) {
        return group.items() + group.broker_changes.size();
    }
    void take_from(
        std::size_t lane, std::size_t max_items, std::size_t& items, std::vector<IngestGroup>& taken
    );

    const std::array<std::size_t, 2> capacities_;
    std::array<std::atomic<std::size_t>, 2> depths_{};
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::array<std::deque<IngestGroup>, 2> queues_;
    std::array<std::size_t, 2> taken_{};  // items of the last take()
    bool stopped_ = false;
};

}  // namespace modax::landing
