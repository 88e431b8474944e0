// What was measured of one characteristic over all lots.
#pragma once

#include "core/operations.hpp"
#include "landing/sqlite.hpp"

namespace modax::landing {

// The newest `query.limit` by time, oldest first.
Result<std::vector<Measurement>> find_measurements(
    Connection& connection, const CapabilityQuery& query
);

}  // namespace modax::landing
