// Metrics of a plant that become columns of sensor_data: "NAME TYPE UNIT" of the configuration
// (database.metric_columns). Values; any thread.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modax::store {

struct MetricColumn {
    enum class Type : std::uint8_t { number, boolean, text };

    std::string name;  // [a-z_][a-z0-9_]{0,62}, so that SQL needs no quotes
    Type type = Type::number;
    std::string unit;  // empty: none
    bool operator==(const MetricColumn&) const = default;
};

std::string_view name_of(MetricColumn::Type type);
// "double precision", "boolean", "text".
std::string_view sql_type_of(MetricColumn::Type type);

// invalid_argument: which declaration, what is wrong with it. Names that sensor_data has already
// and repeated ones are refused.
Result<std::vector<MetricColumn>> parse_metric_columns(const std::vector<std::string>& declared);

}  // namespace modax::store
