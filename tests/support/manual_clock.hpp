// A clock that moves when told to.
#pragma once

#include "core/clock.hpp"

#include <atomic>

namespace modax::test {

// Thread-safe.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Timestamp start = from_micros(1'700'000'000'000'000))
        : now_{to_micros(start)} {}
    Timestamp now() const override { return from_micros(now_.load()); }
    SteadyTime steady_now() const override {
        return SteadyTime{std::chrono::microseconds{steady_.load()}};
    }
    // Both clocks.
    void advance(std::chrono::microseconds step) {
        now_ += step.count();
        steady_ += step.count();
    }
    // Only the wall clock, as an administrator or NTP would.
    void step_wall_clock(std::chrono::microseconds step) { now_ += step.count(); }

private:
    std::atomic<std::int64_t> now_;
    std::atomic<std::int64_t> steady_{1'000'000};
};

}  // namespace modax::test
