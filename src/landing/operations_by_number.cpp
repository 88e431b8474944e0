// Rows of the business as the plant store takes them: one by one, by their numbers.
#include "landing/bound_values.hpp"
#include "landing/operations_rows.hpp"

namespace modax::landing {

Result<std::optional<ProductionReport>> report_by_number(
    Connection& connection, std::int64_t number
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows, "SELECT " MODAX_REPORT_COLUMNS " FROM production_reports WHERE number=?1"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, number);
    auto found = rows_of<ProductionReport>(connection, rows, "read a report", read_report);
    if (!found) return tl::make_unexpected(found.error());
    return first_of(std::move(*found));
}

Result<std::optional<InspectionReport>> inspection_by_number(
    Connection& connection, std::int64_t number
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows, "SELECT " MODAX_INSPECTION_COLUMNS " FROM inspections WHERE number=?1"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, number);
    auto found = rows_of<InspectionReport>(connection, rows, "read an inspection", read_inspection);
    if (!found) return tl::make_unexpected(found.error());
    auto report = first_of(std::move(*found));
    if (!report) return report;
    Statement results;
    prepared = connection.prepare(
        results,
        "SELECT name, measured_value, target, tolerance, lower_limit, upper_limit, passed"
        " FROM inspection_results WHERE inspection=?1 ORDER BY position"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    results.bind(1, number);
    auto read = rows_of<InspectionResult>(
        connection, results, "read the results of an inspection", read_result
    );
    if (!read) return tl::make_unexpected(read.error());
    report->results = std::move(*read);
    return report;
}

Result<std::optional<EquipmentStatus>> status_by_number(
    Connection& connection, std::int64_t number
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows, "SELECT " MODAX_STATUS_COLUMNS " FROM equipment_status WHERE number=?1"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, number);
    auto found = rows_of<EquipmentStatus>(
        connection,
        rows,
        "read a state of equipment",
        [](const Statement& row) { return read_status(row).status; }
    );
    if (!found) return tl::make_unexpected(found.error());
    return first_of(std::move(*found));
}

}  // namespace modax::landing
