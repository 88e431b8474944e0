#include "core/shift.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace modax {
namespace {

constexpr std::array<std::string_view, 7> k_days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

// k_days.size() when there is none of that name.
std::size_t day_of(std::string_view name) {
    return static_cast<std::size_t>(std::find(k_days.begin(), k_days.end(), name) - k_days.begin());
}

// "hh:mm", up to 24:00.
std::optional<std::chrono::minutes> time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto number = [&](std::size_t at) -> std::optional<int> {
        int value = 0;
        const char* end = text.data() + at + 2;
        const auto read = std::from_chars(text.data() + at, end, value);
        if (read.ec != std::errc{} || read.ptr != end || value < 0) return std::nullopt;
        return value;
    };
    const auto hours = number(0);
    const auto minutes = number(3);
    if (!hours || !minutes || *minutes > 59) return std::nullopt;
    const auto whole = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    if (whole > std::chrono::hours{24}) return std::nullopt;
    return whole;
}

std::optional<Shift> read_shift(std::string_view text) {
    const auto blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const auto days = text.substr(0, blank);
    const auto times = text.substr(blank + 1);
    if (times.size() != 11 || times[5] != '-') return std::nullopt;
    const bool several = days.size() == 7 && days[3] == '-';
    if (days.size() != 3 && !several) return std::nullopt;
    const std::size_t first = day_of(days.substr(0, 3));
    const std::size_t last = several ? day_of(days.substr(4)) : first;
    if (first == k_days.size() || last == k_days.size()) return std::nullopt;
    const auto begin = time_of_day(times.substr(0, 5));
    auto end = time_of_day(times.substr(6));
    if (!begin || !end) return std::nullopt;
    if (*end <= *begin) *end += std::chrono::hours{24};
    Shift shift{{}, *begin, *end};
    // "sat-mon" goes over the end of the week.
    for (std::size_t day = first;; day = (day + 1) % k_days.size()) {
        shift.days.set(day);
        if (day == last) return shift;
    }
}

}  // namespace

Result<Shift> parse_shift(std::string_view text) {
    if (auto shift = read_shift(text)) return *shift;
    return fail(
        Errc::invalid_argument,
        "'" + std::string{text} + "' is no shift; write for example \"mon-fri 06:00-14:00\""
    );
}

std::vector<Interval> planned_intervals(
    std::span<const Shift> shifts, Timestamp start, Timestamp end
) {
    if (end <= start) return {};
    if (shifts.empty()) return {{start, end}};
    std::vector<Interval> found;
    // The day before, because a shift may go over midnight.
    const auto first = std::chrono::floor<std::chrono::days>(start) - std::chrono::days{1};
    for (auto day = first; day < end; day += std::chrono::days{1}) {
        const auto weekday = std::chrono::weekday{day}.iso_encoding() - 1;
        for (const Shift& shift : shifts) {
            if (!shift.days.test(weekday)) continue;
            const Timestamp from = std::max<Timestamp>(day + shift.begin, start);
            const Timestamp to = std::min<Timestamp>(day + shift.end, end);
            if (from < to) found.emplace_back(from, to);
        }
    }
    std::sort(found.begin(), found.end());
    std::vector<Interval> merged;
    for (const Interval& one : found) {
        if (!merged.empty() && one.first <= merged.back().second) {
            merged.back().second = std::max(merged.back().second, one.second);
        } else {
            merged.push_back(one);
        }
    }
    return merged;
}

std::chrono::microseconds overlap(
    std::span<const Interval> intervals, Timestamp start, Timestamp end
) {
    std::chrono::microseconds sum{0};
    for (const auto& [from, to] : intervals) {
        const auto common = std::min(to, end) - std::max(from, start);
        sum += std::max(common, std::chrono::microseconds{0});
    }
    return sum;
}

}  // namespace modax
