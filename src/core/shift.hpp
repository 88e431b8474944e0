// When a plant means to produce: shifts of a week, in UTC (operations.shifts). Pure.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <bitset>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace modax {

struct Shift {
    std::bitset<7> days;  // on which it begins; 0: Monday
    std::chrono::minutes begin{0};
    std::chrono::minutes end{0};  // behind begin; past midnight: above 24 hours
    bool operator==(const Shift&) const = default;
};

// "mon-fri 06:00-14:00", "sat 22:00-06:00" (into the next day), "mon-sun 00:00-24:00".
Result<Shift> parse_shift(std::string_view text);

using Interval = std::pair<Timestamp, Timestamp>;  // first inclusive, second exclusive

// What of [start, end) is within a shift, in order, without overlaps; all of it without shifts.
std::vector<Interval> planned_intervals(
    std::span<const Shift> shifts, Timestamp start, Timestamp end
);

// How long [start, end) overlaps them.
std::chrono::microseconds overlap(
    std::span<const Interval> intervals, Timestamp start, Timestamp end
);

}  // namespace modax
