// Durations as people type them: "250ms", "60s", "1.5m", "2h", "1d"; a bare number means seconds.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace modax {

// nullopt when the text is anything else, negative, or over 10,000 days.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

}  // namespace modax
