// From conditions to alarms, after ISA-18.2 (IEC 62682): on- and off-delay, latching until someone
// acknowledges, and no flood of alarms from one device. Owned by its DeviceModel; not thread-safe.
#pragma once

#include "core/time.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace modax::analysis {

struct AlarmOptions {
    std::chrono::milliseconds on_delay{0};        // a condition must last so long
    std::chrono::milliseconds off_delay{10'000};  // and be gone so long
    bool latch = false;                           // the alarm stays until acknowledged
    std::uint32_t most_per_hour = 12;             // further ones are shelved unless far stronger
};

class Alarm {
public:
    explicit Alarm(const AlarmOptions& options = {}) : options_{options} {}

    // `decades`: how strong the strongest condition is. Returns true when the state changed.
    bool step(Timestamp now, bool condition, double decades);
    // Errors none: acknowledging nothing is no fault. True when the state changed.
    bool acknowledge(Timestamp now);

    bool active() const { return active_; }
    bool acknowledged() const { return acknowledged_; }
    std::uint64_t event() const { return active_ ? event_ : 0; }
    Timestamp since() const { return since_; }
    // Alarms that were not raised because too many were.
    std::uint64_t shelved() const { return shelved_; }

    template <class A>
    void archive(A& a) {
        auto since = to_micros(since_);
        a(active_,
          acknowledged_,
          pending_,
          condition_was_,
          shelved_now_,
          event_,
          shelved_,
          since,
          began_,
          ended_,
          recent_,
          strongest_);
        since_ = from_micros(since);
    }

private:
    bool flooded(Timestamp now, double decades);

    AlarmOptions options_;
    bool active_ = false;
    bool acknowledged_ = false;
    bool pending_ = false;
    bool condition_was_ = false;
    bool shelved_now_ = false;
    std::uint64_t event_ = 0;
    std::uint64_t shelved_ = 0;
    Timestamp since_{};
    std::int64_t began_ = 0;  // microseconds: of the condition
    std::int64_t ended_ = 0;
    std::vector<std::int64_t> recent_;  // begins of the last hour
    double strongest_ = 0;              // of them
};

}  // namespace modax::analysis
