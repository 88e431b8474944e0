// Points in time as the gateway keeps them: UTC microseconds since 1970.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modax {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::int64_t to_micros(Timestamp time) {
    return time.time_since_epoch().count();
}
constexpr Timestamp from_micros(std::int64_t micros) {
    return Timestamp{std::chrono::microseconds{micros}};
}

// ISO 8601 / RFC 3339 with 'T', 't' or a blank between date and time, optional fraction (digits
// beyond microseconds are cut), and 'Z', an offset (+hh:mm, +hhmm, +hh) or nothing, which means
// UTC. A date alone means midnight UTC. Years 1970 to 9999. nullopt when the text is anything else.
std::optional<Timestamp> parse_iso8601(std::string_view text);

// "2025-12-09T10:30:00Z"; with a fraction of 3 or 6 digits only when it is not zero.
std::string format_iso8601(Timestamp time);
void append_iso8601(std::string& out, Timestamp time);

}  // namespace modax
