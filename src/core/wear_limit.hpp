// From which value of a metric on a device is worn out (analysis.wear_limits). Pure.
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace modax {

struct WearLimit {
    std::string device;  // a pattern with '*' (core/device_pattern.hpp)
    std::string metric;
    double limit = 0;  // in the metric's unit, reached from below
    bool operator==(const WearLimit&) const = default;
};

// "cnc-* vibration 7.1": pattern, metric and limit with blanks between. Errors: invalid_argument,
// with what is wrong and an example.
Result<WearLimit> parse_wear_limit(std::string_view text);

}  // namespace modax
