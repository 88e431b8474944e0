// Readings of one span of time, summed up per metric while they stream by. Not thread-safe.
#pragma once

#include "core/reading.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modax::http {

class Bucket {
public:
    // `names`: only these metrics; all when empty. Must outlive the bucket.
    explicit Bucket(const std::vector<std::string>& names) : names_{names} {}

    bool empty() const { return readings_ == 0; }
    Timestamp start() const { return start_; }
    void begin(Timestamp start);
    // In order of time.
    void add(const Reading& reading);
    // {"start":…,"count":…,"metrics":{"temperature":{"count","min","max","mean","first","last"}}}
    void append_json(std::string& out) const;

private:
    struct Summary {
        std::string name;
        std::uint64_t count = 0;
        double min = 0;
        double max = 0;
        double first = 0;
        double last = 0;
        long double sum = 0;
    };

    void add(std::string_view name, double value);

    const std::vector<std::string>& names_;
    Timestamp start_;
    std::uint64_t readings_ = 0;
    std::vector<Summary> summaries_;  // kept from bucket to bucket; count 0: not in this one
};

}  // namespace modax::http
