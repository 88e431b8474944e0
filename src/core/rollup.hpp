// The port to summed-up readings: spans of a minute, an hour or a day that outlive the readings
// themselves. Implemented by the landing store.
#pragma once

#include "core/bucket.hpp"
#include "core/result.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace modax {

struct RollupQuery {
    const Device* device = nullptr;
    Timestamp start;  // inclusive
    Timestamp end;    // exclusive
    // Of a bucket: whole minutes, counted from 1970 on; 0: one bucket for everything, which starts
    // at `start`.
    std::chrono::microseconds width{0};
    std::vector<std::string> metrics;  // as Bucket's; empty: all numbers
};

// How far back something is kept; nothing is known of times before.
struct RollupCoverage {
    Timestamp readings{};
    Timestamp minutes{};
    Timestamp hours{};
};

// Thread-safe; blocks on the disk, so never on an I/O thread.
class RollupReader {
public:
    virtual ~RollupReader() = default;
    // Calls `each` for every bucket that has a reading, by time; stops when it returns false. The
    // buckets say what an aggregation of the stored readings in [start, end) would say: a reading
    // acknowledged before the call is in. Readings that retention has deleted stay in, as long as
    // the rollups they are in are kept; only of a minute cut by `start` or `end` nothing is known
    // then.
    virtual Status rollups(const RollupQuery& query, const std::function<bool(const Bucket&)>& each)
        const = 0;
    // From memory.
    virtual RollupCoverage rollup_coverage() const = 0;
};

}  // namespace modax
