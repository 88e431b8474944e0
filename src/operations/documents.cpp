#include "operations/documents.hpp"

#include "core/json_object.hpp"

namespace modax::operations {

std::string document(const ProductionOrder& order) {
    return JsonObject{}
        .text("order_id", order.id)
        .text("status", order.state)
        .text("material", order.material)
        .text("operation", order.operation)
        .number("quantity", order.quantity)
        .text("unit", order.unit)
        .text("device_id", order.device_id)
        .number("ideal_cycle_seconds", order.ideal_cycle_seconds)
        .time("planned_start", order.planned_start)
        .time("planned_end", order.planned_end)
        .time("started", order.started)
        .time("completion_time", order.completed)
        .number("quantity_produced", order.yield)
        .number("quantity_rejected", order.scrap)
        .number("quantity_reworked", order.rework)
        .time("changed", order.changed)
        .take();
}

std::string document(const ProductionReport& report) {
    return JsonObject{}
        .text("event_id", report.id)
        .text("order_id", report.order_id)
        .text("device_id", report.device_id)
        .number("quantity_produced", report.yield)
        .number("quantity_rejected", report.scrap)
        .number("quantity_reworked", report.rework)
        .boolean("final", report.final)
        .text("reason_code", report.reason_code)
        .time("completion_time", report.time)
        .time("received", report.received)
        .text("AUFNR", report.order_id)
        .number("GMNGA", report.yield)
        .number("AUSSS", report.scrap)
        .text("BUDAT", format_iso8601(report.time).substr(0, 10))
        .take();
}

std::string event_document(const ProductionReport& report, const ProductionOrder& order) {
    std::string whole = document(report);
    whole.back() = ',';
    const std::string of_order = JsonObject{}
                                     .text("material", order.material)
                                     .text("operation", order.operation)
                                     .text("unit", order.unit)
                                     .take();
    return whole + of_order.substr(1);
}

std::string document(const InspectionReport& report) {
    std::string results = "[";
    for (const InspectionResult& result : report.results) {
        if (results.size() > 1) results += ',';
        JsonObject one;
        one.text("name", result.name)
            .number("measured_value", result.measured)
            .number("target", result.target)
            .number("tolerance", result.tolerance)
            .number("lower_limit", result.lower)
            .number("upper_limit", result.upper);
        if (result.passed) {
            one.boolean("passed", *result.passed);
        } else {
            one.json("passed", "null");
        }
        results += one.take();
    }
    const bool comparable = !report.stated.empty() && report.computed != "unknown";
    JsonObject whole;
    whole.text("event_id", report.id)
        .text("lot_id", report.lot_id)
        .text("device_id", report.device_id)
        .text("order_id", report.order_id)
        .json("characteristics", results + "]")
        .text("result", report.stated.empty() ? report.computed : report.stated)
        .text("computed_result", report.computed);
    if (comparable) {
        whole.boolean("result_agrees", report.stated == report.computed);
    } else {
        whole.json("result_agrees", "null");
    }
    return whole.time("timestamp", report.time).time("received", report.received).take();
}

std::string document(const EquipmentStatus& status) {
    return JsonObject{}
        .text("event_id", status.id)
        .text("device_id", status.device_id)
        .text("status", status.status)
        .text("reason_code", status.reason_code)
        .time("downtime_start", status.start)
        .time("downtime_end", status.end)
        .time("received", status.received)
        .take();
}

}  // namespace modax::operations
