// Orders, reports, inspections and states as the JSON that REST answers and events carry. Pure.
#pragma once

#include "core/operations.hpp"

#include <string>

namespace modax::operations {

std::string document(const ProductionOrder& order);
// With the German SAP names beside ours (AUFNR, GMNGA, AUSSS, BUDAT).
std::string document(const ProductionReport& report);
// With the material, operation and unit of its order: what ERP systems ask for with a report.
std::string event_document(const ProductionReport& report, const ProductionOrder& order);
std::string document(const InspectionReport& report);
std::string document(const EquipmentStatus& status);

}  // namespace modax::operations
