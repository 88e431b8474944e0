// The port by which another source (orders, quality) adds its members to GET
// /devices/{id}/statistics.
#pragma once

#include "core/device.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <string>
#include <utility>
#include <vector>

namespace modax {

struct StatisticsQuery {
    const Device* device = nullptr;
    Timestamp start;  // inclusive
    Timestamp end;    // exclusive
};

// The name of a member and its value as JSON.
using StatisticsMember = std::pair<std::string, std::string>;

// Thread-safe; asked on a worker thread, so it may block on the disk.
class StatisticsContributor {
public:
    virtual ~StatisticsContributor() = default;
    // order_id, quantity_produced, quantity_rejected and production_date are null where this does
    // not name them; other names are added.
    virtual Result<std::vector<StatisticsMember>> contribute(const StatisticsQuery& query
    ) const = 0;
};

}  // namespace modax
