// What goes into which table of the plant store: columns, values, and what happens to a row that is
// there already. The tables are in sql/tables.sql.
#pragma once

#include "core/plant_store.hpp"
#include "store/copy_rows.hpp"
#include "store/metric_columns.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::store {

struct TableRows {
    std::string_view table;  // in the schema public
    std::string columns;
    std::string_view conflict;  // what follows ON CONFLICT
    CopyRows rows{};
};

// The plant store's spelling of a device.
using Spelling = std::function<const std::string&(const Device&)>;

TableRows readings_of(
    const std::vector<Reading>& readings,
    const std::vector<MetricColumn>& columns,
    const Spelling& name
);
// The newest reading of each device, for device_latest.
TableRows latest_of(const std::vector<Reading>& readings, const Spelling& name);
TableRows safety_of(const std::vector<SafetyStatus>& statuses, const Spelling& name);
TableRows analyses_of(
    const std::vector<AnalysisRecord>& analyses, std::string_view gateway, const Spelling& name
);
TableRows orders_of(const std::vector<ProductionOrder>& orders);
TableRows reports_of(const std::vector<ProductionReport>& reports);
TableRows inspections_of(const std::vector<InspectionReport>& inspections);
TableRows statuses_of(const std::vector<EquipmentStatus>& statuses);
// Minute and device of each reading, once: which rollups are to be made anew.
CopyRows minutes_of(const std::vector<Reading>& readings, const Spelling& name);

}  // namespace modax::store
