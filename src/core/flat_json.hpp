// The flat JSON in which the gateway republishes and serves readings and safety statuses
// (DESIGN 5). Every quantity's name is always there, null when unknown, so that a consumer may
// index without asking.
#pragma once

#include "core/reading.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace modax {

void append_json_string(std::string& out, std::string_view text);  // quoted and escaped
void append_json_number(std::string& out, double value);           // shortest; null when not finite

// The members "timestamp" to the last metric, without braces, so that callers can add their own.
void append_reading_members(std::string& out, const Reading& reading);
void append_flat_json(std::string& out, const Reading& reading);
void append_flat_json(std::string& out, const SafetyStatus& status);
// {"a":1,...} of the further metrics only; "{}" when there are none.
void append_metrics_json(std::string& out, const std::vector<Metric>& metrics);

// ["a","b"]
void append_json_array(std::string& out, const std::vector<std::string>& texts);

}  // namespace modax
