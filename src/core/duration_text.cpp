#include "core/duration_text.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace modax {
namespace {

std::optional<double> seconds_of(std::string_view unit) {
    if (unit.empty() || unit == "s") return 1.0;
    if (unit == "ms") return 1e-3;
    if (unit == "m" || unit == "min") return 60.0;
    if (unit == "h") return 3600.0;
    if (unit == "d") return 86400.0;
    return std::nullopt;
}

}  // namespace

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
    constexpr double k_longest = 10'000.0 * 86'400.0;
    double number = 0;
    const auto read =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (read.ec != std::errc{}) return std::nullopt;
    const auto unit = seconds_of(text.substr(static_cast<std::size_t>(read.ptr - text.data())));
    if (!unit) return std::nullopt;
    const double seconds = number * *unit;
    if (!(seconds >= 0 && seconds <= k_longest)) return std::nullopt;
    return std::chrono::microseconds{std::llround(seconds * 1e6)};
}

}  // namespace modax
