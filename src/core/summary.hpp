// Count, extremes, mean, spread, first and last of a quantity over a span of time. Two summaries
// of disjoint readings merge into that of both, in any order, so that late readings and the three
// rollups (1 m, 1 h, 1 d) need no second look at what was summed up. Not thread-safe.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>

namespace modax {

struct Summary {
    // Which of two values was first: by the reading's time, then its sequence.
    struct Key {
        std::int64_t time = 0;  // microseconds since 1970
        std::int64_t sequence = 0;
        auto operator<=>(const Key&) const = default;
    };

    std::uint64_t count = 0;
    double sum = 0;
    double squares = 0;  // sum of the squared deviations from the mean
    double min = 0;
    double max = 0;
    double first = 0;
    double last = 0;
    Key first_key;
    Key last_key;

    void add(double value, Key key);
    // Chan, Golub and LeVeque's update, which does not cancel.
    void merge(const Summary& other);

    double mean() const { return sum / static_cast<double>(count); }
    // Of the sample (n - 1), as stddev() of SQL; nullopt below two values.
    std::optional<double> standard_deviation() const;

    bool operator==(const Summary&) const = default;
};

}  // namespace modax
