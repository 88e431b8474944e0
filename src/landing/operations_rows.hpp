// Orders, reports, inspections and states of equipment as rows, both ways.
#pragma once

#include "core/operations.hpp"
#include "landing/sqlite.hpp"

namespace modax::landing {

// In the order in which the functions below read them.
#define MODAX_REPORT_COLUMNS                                                \
    "event_id, order_id, device_id, quantity_produced, quantity_rejected, " \
    "quantity_reworked, final, reason_code, completion_time, received"
#define MODAX_STATUS_COLUMNS                                                           \
    "number, event_id, device_id, status, reason_code, downtime_start, downtime_end, " \
    "received"
ProductionReport read_report(const Statement& row);
NumberedStatus read_status(const Statement& row);
// name, measured_value, target, tolerance, lower_limit, upper_limit, passed
// The results are rows of their own.
#define MODAX_INSPECTION_COLUMNS \
    "event_id, lot_id, device_id, order_id, result, computed_result, time, received"
InspectionReport read_inspection(const Statement& row);
InspectionResult read_result(const Statement& row);

// The rows within the write transaction that is open on the connection.
class OperationsRows final : public OperationsTransaction {
public:
    explicit OperationsRows(Connection& connection) : connection_{connection} {}

    Result<std::optional<ProductionOrder>> order(std::string_view id) override;
    Status put(const ProductionOrder& order) override;
    Status add(const ProductionReport& report) override;
    Status add(const InspectionReport& report) override;
    Result<std::optional<EquipmentStatus>> downtime_within(
        std::string_view device_id, Timestamp start, std::optional<Timestamp> end
    ) override;
    Result<std::optional<EquipmentStatus>> open_status(std::string_view device_id) override;
    Status end_status(std::string_view id, Timestamp end) override;
    Status add(const EquipmentStatus& status) override;

private:
    Connection& connection_;
};

Result<std::optional<ProductionOrder>> find_order_row(Connection& connection, std::string_view id);
Result<std::vector<ProductionOrder>> find_orders(Connection& connection, const OrderQuery& query);
Result<std::vector<ProductionReport>> reports_of_order(
    Connection& connection, std::string_view order_id
);
Result<std::vector<ProductionReport>> reports_of_device(
    Connection& connection, std::string_view device_id, Timestamp start, Timestamp end
);
Result<std::vector<InspectionReport>> inspections_of_lot(
    Connection& connection, std::string_view lot_id
);
// By their start.
Result<std::vector<EquipmentStatus>> find_downtimes(
    Connection& connection, std::string_view device_id, Timestamp start, Timestamp end
);
Result<std::vector<NumberedStatus>> find_statuses(Connection& connection, const StatusQuery& query);

// By the numbers of their rows.
Result<std::optional<ProductionReport>> report_by_number(
    Connection& connection, std::int64_t number
);
Result<std::optional<InspectionReport>> inspection_by_number(
    Connection& connection, std::int64_t number
);
Result<std::optional<EquipmentStatus>> status_by_number(
    Connection& connection, std::int64_t number
);

}  // namespace modax::landing
