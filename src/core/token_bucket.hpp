// A token bucket: how many requests or messages somebody may send. It holds `capacity` tokens at
// most and gets `per_second` new ones each second. Thread-safe.
#pragma once

#include "core/clock.hpp"

#include <cstdint>
#include <mutex>

namespace modax {

class TokenBucket {
public:
    TokenBucket(std::uint64_t capacity, double per_second, SteadyTime now);

    struct State {
        bool taken = false;
        std::uint64_t left = 0;
        std::uint64_t full_in_seconds = 0;  // until all tokens are there again
        std::uint64_t next_in_seconds = 0;  // until there is one; at least 1 when none was taken
    };
    State take(SteadyTime now);
    // Takes one although none may be left; for what has happened already.
    void charge(SteadyTime now);
    bool empty(SteadyTime now);
    bool full(SteadyTime now);

    std::uint64_t capacity() const { return capacity_; }

private:
    void refill(SteadyTime now);

    const std::uint64_t capacity_;
    const double per_second_;
    std::mutex mutex_;
    double tokens_;
    SteadyTime refilled_;
};

}  // namespace modax
