// A GroupWriter that keeps groups and commits them when a test says so.
#pragma once

#include "core/landing.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace modax::test {

// Thread-safe. commit_all() answers as the landing store does: every group first counts, then
// shows its events, then its tokens go back to their sinks. Nothing is a duplicate here.
class FakeGroupWriter final : public GroupWriter {
public:
    struct Submitted {
        IngestGroup group;
        Lane lane = Lane::acknowledged;
    };

    bool submit(IngestGroup& group, Lane lane) override {
        const std::lock_guard lock{mutex_};
        if (lane == Lane::fire_and_forget && full_[1]) return false;
        submitted_.push_back(Submitted{std::exchange(group, IngestGroup{}), lane});
        return true;
    }
    bool full(Lane lane) const override {
        const std::lock_guard lock{mutex_};
        return full_[static_cast<std::size_t>(lane)];
    }
    // What full() says; a full fire_and_forget lane also refuses groups.
    void set_full(Lane lane, bool full) {
        const std::lock_guard lock{mutex_};
        full_[static_cast<std::size_t>(lane)] = full;
    }
    // All groups since the last take() or commit_all(), in order.
    std::vector<Submitted> take() {
        const std::lock_guard lock{mutex_};
        return std::exchange(submitted_, {});
    }
    std::size_t waiting() const {
        const std::lock_guard lock{mutex_};
        return submitted_.size();
    }
    // Returns what was committed. Either sink may be null.
    std::vector<Submitted> commit_all(
        OutcomeSink* outcomes = nullptr, StoredSink* stored_sink = nullptr
    ) {
        auto groups = take();
        for (const Submitted& submitted : groups) commit(submitted.group, outcomes, stored_sink);
        return groups;
    }

private:
    void commit(const IngestGroup& group, OutcomeSink* outcomes, StoredSink* stored_sink) {
        if (outcomes != nullptr) {
            outcomes->committed(IngestOutcome{
                .stored = group.readings.size() + group.safety.size(),
                .duplicates = 0,
                .quarantined = group.rejected.size()});
        }
        auto batch = std::make_shared<StoredBatch>();
        for (const Reading& reading : group.readings) {
            batch->events.emplace_back(++stream_sequence_, reading);
        }
        for (const SafetyStatus& status : group.safety) {
            batch->events.emplace_back(++stream_sequence_, status);
        }
        if (stored_sink != nullptr && !batch->events.empty()) stored_sink->stored(batch);
        // Runs of tokens of one sink, as each call may only hold one sink's.
        for (std::size_t first = 0; first < group.acks.size();) {
            std::size_t last = first;
            while (last < group.acks.size() && group.acks[last].sink == group.acks[first].sink) {
                ++last;
            }
            if (AckSink* sink = group.acks[first].sink) {
                sink->committed({group.acks.data() + first, last - first});
            }
            first = last;
        }
    }

    mutable std::mutex mutex_;
    std::array<bool, 2> full_{};  // by lane
    std::vector<Submitted> submitted_;
    std::uint64_t stream_sequence_ = 0;
};

}  // namespace modax::test
