// The readings of a device over one span of time, summed up for each metric. Not thread-safe.
#pragma once

#include "core/reading.hpp"
#include "core/summary.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

class Bucket {
public:
    // `names`: only these metrics, in this order, booleans among them as 0 and 1. Empty: all
    // numbers, the quantities first.
    explicit Bucket(std::vector<std::string> names = {});

    bool empty() const { return readings_ == 0; }
    Timestamp start() const { return start_; }
    // With and without the metrics at hand.
    std::uint64_t readings() const { return readings_; }
    void begin(Timestamp start);
    void add(const Reading& reading);
    bool wants(std::string_view name, bool flag) const;
    // What was summed up before. `flag`: of booleans; where a metric was both, its numbers count.
    void add_readings(std::uint64_t count) { readings_ += count; }
    void merge(std::string_view name, bool flag, const Summary& summary);

    // Metrics with at least one value.
    void each(const std::function<void(const std::string&, const Summary&)>& visit) const;
    // nullptr: no value.
    const Summary* find(std::string_view name) const;
    // {"start":…,"count":…,"metrics":{"temperature":{"count","min","max","mean","first","last",
    // "stddev"}}}
    void append_json(std::string& out) const;

private:
    struct Cell {
        std::string name;
        bool flag = false;
        Summary summary;
    };

    Summary* cell(std::string_view name, bool flag);
    bool shadowed(const Cell& cell) const;

    bool all_;
    Timestamp start_;
    std::uint64_t readings_ = 0;
    std::vector<Cell> cells_;  // kept from bucket to bucket; count 0: not in this one
};

// "count":…,"min":…,… without braces.
void append_summary_members(std::string& out, const Summary& summary);

}  // namespace modax
