#include "ingest/timestamp_rules.hpp"

#include <algorithm>
#include <cmath>

namespace modax::ingest {
namespace {

constexpr Timestamp k_earliest =
    std::chrono::sys_days{std::chrono::year{2000} / std::chrono::January / 1};

DeviceTime unless_unset(Timestamp time) {
    if (time < k_earliest) return std::nullopt;
    return time;
}

// "0001-01-01T00:00:00" is what a .NET device sends that has no time: core reads from 1970 on.
bool is_before_1970(std::string_view text) {
    constexpr std::string_view k_first_year = "1970";
    if (text.size() < 10 || text.substr(0, 4) >= k_first_year) return false;
    if (!std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; })) {
        return false;
    }
    // Any leap year tells whether the rest is well-formed.
    std::string later{text};
    later.replace(0, 4, "2000");
    return parse_iso8601(later).has_value();
}

}  // namespace

Decoded<DeviceTime> device_time(std::string_view text) {
    if (const auto time = parse_iso8601(text)) return unless_unset(*time);
    if (is_before_1970(text)) return DeviceTime{};
    return refuse(
        Reason::bad_timestamp,
        "timestamp is " + shown(text) +
            ": send ISO 8601 such as \"2025-12-09T10:30:00Z\", or a number since 1970"
    );
}

DeviceTime device_time(std::int64_t number) {
    if (number < 0) return std::nullopt;
    if (number < 100'000'000'000) return unless_unset(from_micros(number * 1'000'000));
    if (number < 100'000'000'000'000) return unless_unset(from_micros(number * 1'000));
    if (number < 100'000'000'000'000'000) return unless_unset(from_micros(number));
    return unless_unset(from_micros(number / 1'000));
}

DeviceTime device_time(double number) {
    if (!(number >= 0)) return std::nullopt;
    if (number < 1e11) return unless_unset(from_micros(std::llround(number * 1e6)));
    if (number < 1e14) return unless_unset(from_micros(std::llround(number * 1e3)));
    if (number < 1e17) return unless_unset(from_micros(std::llround(number)));
    // Beyond what 64 bits of nanoseconds hold is far in the future in any case.
    return unless_unset(from_micros(std::llround(std::min(number, 9e18) / 1e3)));
}

}  // namespace modax::ingest
