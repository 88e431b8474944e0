#include "landing/operations_rows.hpp"

#include "landing/bound_values.hpp"

#include <limits>

namespace modax::landing {
namespace {

#define MODAX_ORDER_COLUMNS                                                             \
    "order_id, status, material, operation, unit, device_id, quantity, planned_start, " \
    "planned_end, started, completion_time, quantity_produced, quantity_rejected, "     \
    "quantity_reworked, changed, ideal_cycle_seconds"

ProductionOrder read_order(const Statement& row) {
    ProductionOrder order;
    order.id = row.text(0);
    order.state = row.text(1);
    order.material = row.text(2);
    order.operation = row.text(3);
    order.unit = row.text(4);
    order.device_id = row.text(5);
    order.quantity = number_of(row, 6);
    order.planned_start = time_of(row, 7);
    order.planned_end = time_of(row, 8);
    order.started = time_of(row, 9);
    order.completed = time_of(row, 10);
    order.yield = row.number(11);
    order.scrap = row.number(12);
    order.rework = row.number(13);
    order.changed = from_micros(row.integer(14));
    order.ideal_cycle_seconds = number_of(row, 15);
    return order;
}

Result<std::optional<EquipmentStatus>> first_status(Connection& connection, Statement& rows) {
    auto found =
        rows_of<NumberedStatus>(connection, rows, "read the equipment status", read_status);
    if (!found) return tl::make_unexpected(found.error());
    if (found->empty()) return std::optional<EquipmentStatus>{};
    return std::optional{std::move(found->front().status)};
}

constexpr auto k_last = std::numeric_limits<std::int64_t>::max();

}  // namespace

ProductionReport read_report(const Statement& row) {
    ProductionReport report;
    report.id = row.text(0);
    report.order_id = row.text(1);
    report.device_id = row.text(2);
    report.yield = row.number(3);
    report.scrap = row.number(4);
    report.rework = row.number(5);
    report.final = row.integer(6) != 0;
    report.reason_code = row.text(7);
    report.time = from_micros(row.integer(8));
    report.received = from_micros(row.integer(9));
    return report;
}

NumberedStatus read_status(const Statement& row) {
    NumberedStatus read;
    read.number = static_cast<std::uint64_t>(row.integer(0));
    read.status.id = row.text(1);
    read.status.device_id = row.text(2);
    read.status.status = row.text(3);
    read.status.reason_code = row.text(4);
    read.status.start = from_micros(row.integer(5));
    read.status.end = time_of(row, 6);
    read.status.received = from_micros(row.integer(7));
    return read;
}

InspectionResult read_result(const Statement& row) {
    InspectionResult result;
    result.name = row.text(0);
    result.measured = row.number(1);
    result.target = number_of(row, 2);
    result.tolerance = number_of(row, 3);
    result.lower = number_of(row, 4);
    result.upper = number_of(row, 5);
    if (!row.is_null(6)) result.passed = row.integer(6) != 0;
    return result;
}

Result<std::optional<ProductionOrder>> OperationsRows::order(std::string_view id) {
    return find_order_row(connection_, id);
}

Status OperationsRows::put(const ProductionOrder& order) {
    Statement row;
    auto prepared = connection_.prepare(
        row,
        "INSERT OR REPLACE INTO production_orders(" MODAX_ORDER_COLUMNS
        ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)"
    );
    if (!prepared) return prepared;
    row.bind(1, std::string_view{order.id})
        .bind(2, std::string_view{order.state})
        .bind(3, std::string_view{order.material})
        .bind(4, std::string_view{order.operation})
        .bind(5, std::string_view{order.unit})
        .bind(6, std::string_view{order.device_id})
        .bind(12, order.yield)
        .bind(13, order.scrap)
        .bind(14, order.rework)
        .bind(15, to_micros(order.changed));
    bind_number(row, 7, order.quantity);
    bind_number(row, 16, order.ideal_cycle_seconds);
    bind_time(row, 8, order.planned_start);
    bind_time(row, 9, order.planned_end);
    bind_time(row, 10, order.started);
    bind_time(row, 11, order.completed);
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(connection_.failure("store the order " + order.id));
}

Status OperationsRows::add(const ProductionReport& report) {
    Statement row;
    auto prepared = connection_.prepare(
        row,
        "INSERT INTO production_reports(" MODAX_REPORT_COLUMNS
        ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
    );
    if (!prepared) return prepared;
    row.bind(1, std::string_view{report.id})
        .bind(2, std::string_view{report.order_id})
        .bind(3, std::string_view{report.device_id})
        .bind(4, report.yield)
        .bind(5, report.scrap)
        .bind(6, report.rework)
        .bind(7, std::int64_t{report.final ? 1 : 0})
        .bind(8, std::string_view{report.reason_code})
        .bind(9, to_micros(report.time))
        .bind(10, to_micros(report.received));
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(connection_.failure("store a report of " + report.order_id));
}

Status OperationsRows::add(const InspectionReport& report) {
    Statement row;
    auto prepared = connection_.prepare(
        row,
        "INSERT INTO inspections(event_id, lot_id, device_id, order_id, result, computed_result,"
        " time, received) VALUES(?1,?2,?3,?4,?5,?6,?7,?8) RETURNING number"
    );
    if (!prepared) return prepared;
    row.bind(1, std::string_view{report.id})
        .bind(2, std::string_view{report.lot_id})
        .bind(3, std::string_view{report.device_id})
        .bind(4, std::string_view{report.order_id})
        .bind(5, std::string_view{report.stated})
        .bind(6, std::string_view{report.computed})
        .bind(7, to_micros(report.time))
        .bind(8, to_micros(report.received));
    const auto failure = [&] {
        return tl::make_unexpected(connection_.failure("store a result of " + report.lot_id));
    };
    if (row.step() != Step::row) return failure();
    const std::int64_t inspection = row.integer(0);
    row.reset();
    Statement one;
    prepared = connection_.prepare(
        one, "INSERT INTO inspection_results VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
    );
    if (!prepared) return prepared;
    std::int64_t position = 0;
    for (const InspectionResult& result : report.results) {
        one.bind(1, inspection)
            .bind(2, position++)
            .bind(3, std::string_view{result.name})
            .bind(4, result.measured);
        bind_number(one, 5, result.target);
        bind_number(one, 6, result.tolerance);
        bind_number(one, 7, result.lower);
        bind_number(one, 8, result.upper);
        if (result.passed) {
            one.bind(9, std::int64_t{*result.passed ? 1 : 0});
        } else {
            one.bind_null(9);
        }
        if (one.run() == Step::failed) return failure();
    }
    return {};
}

Result<std::optional<EquipmentStatus>> OperationsRows::downtime_within(
    std::string_view device_id, Timestamp start, std::optional<Timestamp> end
) {
    auto found = find_downtimes(connection_, device_id, start, end.value_or(from_micros(k_last)));
    if (!found) return tl::make_unexpected(found.error());
    return first_of(std::move(*found));
}

Result<std::optional<EquipmentStatus>> OperationsRows::open_status(std::string_view device_id) {
    Statement rows;
    auto prepared = connection_.prepare(
        rows,
        "SELECT " MODAX_STATUS_COLUMNS
        " FROM equipment_status WHERE device_id=?1 AND downtime_end IS NULL"
        " ORDER BY downtime_start DESC LIMIT 1"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, device_id);
    return first_status(connection_, rows);
}

Status OperationsRows::end_status(std::string_view id, Timestamp end) {
    Statement row;
    auto prepared =
        connection_.prepare(row, "UPDATE equipment_status SET downtime_end=?2 WHERE event_id=?1");
    if (!prepared) return prepared;
    row.bind(1, id).bind(2, to_micros(end));
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(connection_.failure("end a state of equipment"));
}

Status OperationsRows::add(const EquipmentStatus& status) {
    Statement row;
    auto prepared = connection_.prepare(
        row,
        "INSERT INTO equipment_status(event_id, device_id, status, reason_code, downtime_start,"
        " downtime_end, received) VALUES(?1,?2,?3,?4,?5,?6,?7)"
    );
    if (!prepared) return prepared;
    row.bind(1, std::string_view{status.id})
        .bind(2, std::string_view{status.device_id})
        .bind(3, std::string_view{status.status})
        .bind(4, std::string_view{status.reason_code})
        .bind(5, to_micros(status.start))
        .bind(7, to_micros(status.received));
    bind_time(row, 6, status.end);
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(connection_.failure("store a state of " + status.device_id));
}

Result<std::optional<ProductionOrder>> find_order_row(Connection& connection, std::string_view id) {
    Statement rows;
    auto prepared = connection.prepare(
        rows, "SELECT " MODAX_ORDER_COLUMNS " FROM production_orders WHERE order_id=?1"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, id);
    auto found = rows_of<ProductionOrder>(connection, rows, "read an order", read_order);
    if (!found) return tl::make_unexpected(found.error());
    return first_of(std::move(*found));
}

Result<std::vector<ProductionOrder>> find_orders(Connection& connection, const OrderQuery& query) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT " MODAX_ORDER_COLUMNS
        " FROM production_orders WHERE order_id>?1 AND (?2='' OR status=?2)"
        " AND (?3='' OR device_id=?3) ORDER BY order_id LIMIT ?4"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, std::string_view{query.after})
        .bind(2, std::string_view{query.state})
        .bind(3, std::string_view{query.device_id})
        .bind(4, static_cast<std::int64_t>(query.limit));
    return rows_of<ProductionOrder>(connection, rows, "read the orders", read_order);
}

Result<std::vector<ProductionReport>> reports_of_order(
    Connection& connection, std::string_view order_id
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT " MODAX_REPORT_COLUMNS " FROM production_reports WHERE order_id=?1 ORDER BY number"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, order_id);
    return rows_of<ProductionReport>(connection, rows, "read the reports", read_report);
}

Result<std::vector<ProductionReport>> reports_of_device(
    Connection& connection, std::string_view device_id, Timestamp start, Timestamp end
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT " MODAX_REPORT_COLUMNS
        " FROM production_reports WHERE device_id=?1 AND ((completion_time>=?2 AND"
        " completion_time<?3) OR (received>=?2 AND received<?3)) ORDER BY number"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, device_id).bind(2, to_micros(start)).bind(3, to_micros(end));
    return rows_of<ProductionReport>(connection, rows, "read the reports", read_report);
}

InspectionReport read_inspection(const Statement& row) {
    InspectionReport report;
    report.id = row.text(0);
    report.lot_id = row.text(1);
    report.device_id = row.text(2);
    report.order_id = row.text(3);
    report.stated = row.text(4);
    report.computed = row.text(5);
    report.time = from_micros(row.integer(6));
    report.received = from_micros(row.integer(7));
    return report;
}

Result<std::vector<InspectionReport>> inspections_of_lot(
    Connection& connection, std::string_view lot_id
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT " MODAX_INSPECTION_COLUMNS
        ", number FROM inspections WHERE lot_id=?1 ORDER BY number"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, lot_id);
    std::vector<std::int64_t> numbers;
    auto found = rows_of<InspectionReport>(
        connection,
        rows,
        "read the inspections",
        [&](const Statement& row) {
            numbers.push_back(row.integer(8));
            return read_inspection(row);
        }
    );
    if (!found) return found;
    Statement results;
    prepared = connection.prepare(
        results,
        "SELECT name, measured_value, target, tolerance, lower_limit, upper_limit, passed"
        " FROM inspection_results WHERE inspection=?1 ORDER BY position"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const StatementScope scope{results};
        results.bind(1, numbers[i]);
        auto read = rows_of<InspectionResult>(
            connection, results, "read the inspection results", read_result
        );
        if (!read) return tl::make_unexpected(read.error());
        (*found)[i].results = std::move(*read);
    }
    return found;
}

Result<std::vector<NumberedStatus>> find_statuses(
    Connection& connection, const StatusQuery& query
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT " MODAX_STATUS_COLUMNS
        " FROM equipment_status WHERE number<?1 AND (?2='' OR device_id=?2)"
        " ORDER BY number DESC LIMIT ?3"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, query.before == 0 ? k_last : static_cast<std::int64_t>(query.before))
        .bind(2, std::string_view{query.device_id})
        .bind(3, static_cast<std::int64_t>(query.limit));
    return rows_of<NumberedStatus>(connection, rows, "read the equipment status", read_status);
}

Result<std::vector<EquipmentStatus>> find_downtimes(
    Connection& connection, std::string_view device_id, Timestamp start, Timestamp end
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT " MODAX_STATUS_COLUMNS
        " FROM equipment_status WHERE device_id=?1 AND status IN ('down','maintenance')"
        " AND downtime_start<?3 AND (downtime_end IS NULL OR downtime_end>?2)"
        " ORDER BY downtime_start"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, device_id).bind(2, to_micros(start)).bind(3, to_micros(end));
    return rows_of<EquipmentStatus>(connection, rows, "read downtimes", [](const Statement& row) {
        return read_status(row).status;
    });
}

}  // namespace modax::landing
