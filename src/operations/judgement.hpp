// Rules that need no store: is a characteristic within its limits, is a status a downtime. Pure.
#pragma once

#include "core/operations.hpp"
#include "operations/capability.hpp"

#include <string_view>

namespace modax::operations {

// Its own limits, or target +/- tolerance; empty without either.
Limits limits_of(const InspectionResult& result);
// True within the limits (inclusive), or within target +/- tolerance; nullopt without either. The
// comparison allows for the rounding of a double: 10.05 is within 10.0 +/- 0.05.
std::optional<bool> passes(const InspectionResult& result);
// Fills in `passed` of each and `computed` of all: failed when one fails, unknown when none fails
// and one can't be judged.
void judge(InspectionReport& report);

bool is_known_status(std::string_view status);
bool is_downtime(std::string_view status);
// "up, running, …"
std::string_view status_names();

// True for [A-Za-z0-9][A-Za-z0-9._-]{0,63}: it becomes a level of a topic and a part of a path.
bool is_valid_key(std::string_view text);

}  // namespace modax::operations
