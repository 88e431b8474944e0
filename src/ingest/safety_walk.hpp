// Turns the members of a JSON object into a safety status. Inside ingest only; keeps its buffers;
// not thread-safe.
#pragma once

#include "core/reading.hpp"
#include "ingest/fields.hpp"
#include "ingest/origin.hpp"
#include "ingest/refusal.hpp"

#include <simdjson.h>

#include <cstddef>
#include <vector>

namespace modax::ingest {

class SafetyWalk {
public:
    // The four booleans are required; other members are ignored, `is_safe` among them, but still
    // must keep to the limits and have distinct names.
    Checked walk(simdjson::dom::object object, SafetyStatus& status, Origin& origin);

private:
    Checked check_ignored(simdjson::dom::element value, std::size_t depth);
    Checked count_member();

    std::size_t members_ = 0;
    std::vector<DistinctNames> names_;  // by depth
};

}  // namespace modax::ingest
