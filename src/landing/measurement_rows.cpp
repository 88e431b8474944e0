#include "landing/measurement_rows.hpp"

#include "landing/bound_values.hpp"

#include <algorithm>

namespace modax::landing {

Result<std::vector<Measurement>> find_measurements(
    Connection& connection, const CapabilityQuery& query
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT i.lot_id, i.time, r.measured_value, r.target, r.tolerance, r.lower_limit,"
        " r.upper_limit FROM inspection_results r JOIN inspections i ON i.number=r.inspection"
        " WHERE r.name=?1 AND (?2='' OR i.device_id=?2)"
        " ORDER BY i.time DESC, i.number DESC, r.position DESC LIMIT ?3"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, std::string_view{query.characteristic})
        .bind(2, std::string_view{query.device_id})
        .bind(3, static_cast<std::int64_t>(query.limit));
    auto found =
        rows_of<Measurement>(connection, rows, "read measurements", [](const Statement& row) {
            Measurement measured;
            measured.lot_id = row.text(0);
            measured.time = from_micros(row.integer(1));
            measured.result.measured = row.number(2);
            measured.result.target = number_of(row, 3);
            measured.result.tolerance = number_of(row, 4);
            measured.result.lower = number_of(row, 5);
            measured.result.upper = number_of(row, 6);
            return measured;
        });
    if (found) std::reverse(found->begin(), found->end());
    return found;
}

}  // namespace modax::landing
