#include "store/plant_tables.hpp"

#include "core/flat_json.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace modax::store {
namespace {

constexpr std::string_view k_reading_columns =
    "time, device_id, temperature, current, vibration, spindle_speed, power_kw, feed_rate,"
    " is_safe, metrics, seq";
constexpr int k_reading_fields = 11;
constexpr std::string_view k_leave = "DO NOTHING";

bool fits(const MetricValue& value, MetricColumn::Type type) {
    switch (type) {
        case MetricColumn::Type::number:
            return std::holds_alternative<double>(value);
        case MetricColumn::Type::boolean:
            return std::holds_alternative<bool>(value);
        case MetricColumn::Type::text:
            break;
    }
    return std::holds_alternative<std::string>(value);
}

void put(CopyRows& rows, const MetricValue& value) {
    if (const auto* number = std::get_if<double>(&value)) {
        rows.number(*number);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        rows.flag(*flag);
    } else {
        rows.text(std::get<std::string>(value));
    }
}

void put_reading(
    CopyRows& rows,
    const Reading& reading,
    const std::string& device,
    const std::vector<MetricColumn>& columns,
    std::string& json
) {
    // A metric of another type than its column was declared with stays in the JSON.
    std::vector<const Metric*> declared(columns.size());
    std::vector<Metric> others;
    bool split = false;
    for (const Metric& metric : reading.metrics) {
        const auto column = std::find_if(columns.begin(), columns.end(), [&](const auto& each) {
            return each.name == metric.name && fits(metric.value, each.type);
        });
        if (column == columns.end()) continue;
        declared[static_cast<std::size_t>(column - columns.begin())] = &metric;
        split = true;
    }
    if (split) {
        for (const Metric& metric : reading.metrics) {
            if (std::find(declared.begin(), declared.end(), &metric) == declared.end()) {
                others.push_back(metric);
            }
        }
    }
    const auto& remaining = split ? others : reading.metrics;
    rows.row(k_reading_fields + static_cast<int>(columns.size()));
    rows.time(reading.time);
    rows.text(device);
    for (const double value : reading.quantities) rows.number(value);
    rows.flag(reading.is_safe);
    if (remaining.empty()) {
        rows.null();
    } else {
        json.clear();
        append_metrics_json(json, remaining);
        rows.json(json);
    }
    rows.integer(reading.sequence);
    for (const Metric* metric : declared) {
        if (metric == nullptr) {
            rows.null();
        } else {
            put(rows, metric->value);
        }
    }
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
        if (!all.empty()) all += '\n';
        all += text;
    }
    return all;
}

}  // namespace

TableRows readings_of(
    const std::vector<Reading>& readings,
    const std::vector<MetricColumn>& columns,
    const Spelling& name
) {
    TableRows made{"sensor_data", std::string{k_reading_columns}, k_leave};
    for (const MetricColumn& column : columns) made.columns += ", " + column.name;
    std::string json;
    for (const Reading& reading : readings) {
        put_reading(made.rows, reading, name(*reading.device), columns, json);
    }
    return made;
}

TableRows latest_of(const std::vector<Reading>& readings, const Spelling& name) {
    TableRows made{
        "device_latest",
        std::string{k_reading_columns},
        "(device_id) DO UPDATE SET time=excluded.time, temperature=excluded.temperature,"
        " current=excluded.current, vibration=excluded.vibration,"
        " spindle_speed=excluded.spindle_speed, power_kw=excluded.power_kw,"
        " feed_rate=excluded.feed_rate, is_safe=excluded.is_safe, metrics=excluded.metrics,"
        " seq=excluded.seq"
        " WHERE (excluded.time, excluded.seq) >= (device_latest.time, device_latest.seq)"};
    std::map<std::string_view, const Reading*> newest;
    for (const Reading& reading : readings) {
        const Reading*& known = newest[name(*reading.device)];
        if (known == nullptr ||
            std::tie(reading.time, reading.sequence) >= std::tie(known->time, known->sequence)) {
            known = &reading;
        }
    }
    std::string json;
    for (const auto& [device, reading] : newest) {
        put_reading(made.rows, *reading, std::string{device}, {}, json);
    }
    return made;
}

TableRows safety_of(const std::vector<SafetyStatus>& statuses, const Spelling& name) {
    TableRows made{
        "safety_events",
        "time, device_id, emergency_stop, door_closed, overload_detected, temperature_ok,"
        " is_safe, seq",
        k_leave};
    CopyRows& rows = made.rows;
    for (const SafetyStatus& status : statuses) {
        rows.row(8);
        rows.time(status.time);
        rows.text(name(*status.device));
        rows.flag(status.emergency_stop);
        rows.flag(status.door_closed);
        rows.flag(status.overload_detected);
        rows.flag(status.temperature_ok);
        rows.flag(status.is_safe());
        rows.integer(status.sequence);
    }
    return made;
}

TableRows analyses_of(
    const std::vector<AnalysisRecord>& analyses, std::string_view gateway, const Spelling& name
) {
    TableRows made{
        "ai_analysis",
        "time, device_id, has_anomaly, anomaly_score, anomaly_type, confidence, learning, event,"
        " since, acknowledged, message, predicted_wear_level, estimated_remaining_hours,"
        " recommendations, model_version, gateway, analysis_id",
        k_leave};
    CopyRows& rows = made.rows;
    for (const AnalysisRecord& record : analyses) {
        const Analysis& analysis = record.analysis;
        rows.row(17);
        rows.time(analysis.time);
        rows.text(name(*analysis.device));
        rows.flag(analysis.has_anomaly);
        rows.number(analysis.anomaly_score);
        rows.text_or_null(analysis.anomaly_type ? name_of(*analysis.anomaly_type) : "");
        rows.number(analysis.confidence);
        rows.flag(analysis.learning);
        rows.integer(static_cast<std::int64_t>(analysis.event));
        rows.time(analysis.since);
        rows.flag(analysis.acknowledged);
        rows.text_or_null(analysis.message);
        rows.number(analysis.wear.level);
        rows.number(analysis.wear.remaining_hours);
        rows.text_or_null(joined(analysis.recommendations));
        rows.text(analysis.model_version);
        rows.text(gateway);
        rows.integer(static_cast<std::int64_t>(record.id));
    }
    return made;
}

TableRows orders_of(const std::vector<ProductionOrder>& orders) {
    TableRows made{
        "production_orders",
        "order_id, status, material, operation, unit, device_id, quantity, ideal_cycle_seconds,"
        " planned_start, planned_end, started, completion_time, quantity_produced,"
        " quantity_rejected, quantity_reworked, changed",
        "(order_id) DO UPDATE SET status=excluded.status, material=excluded.material,"
        " operation=excluded.operation, unit=excluded.unit, device_id=excluded.device_id,"
        " quantity=excluded.quantity, ideal_cycle_seconds=excluded.ideal_cycle_seconds,"
        " planned_start=excluded.planned_start, planned_end=excluded.planned_end,"
        " started=excluded.started, completion_time=excluded.completion_time,"
        " quantity_produced=excluded.quantity_produced,"
        " quantity_rejected=excluded.quantity_rejected,"
        " quantity_reworked=excluded.quantity_reworked, changed=excluded.changed"
        " WHERE excluded.changed > production_orders.changed"};
    CopyRows& rows = made.rows;
    for (const ProductionOrder& order : orders) {
        rows.row(16);
        rows.text(order.id);
        rows.text(order.state);
        rows.text_or_null(order.material);
        rows.text_or_null(order.operation);
        rows.text_or_null(order.unit);
        rows.text_or_null(order.device_id);
        rows.number(order.quantity);
        rows.number(order.ideal_cycle_seconds);
        rows.time(order.planned_start);
        rows.time(order.planned_end);
        rows.time(order.started);
        rows.time(order.completed);
        rows.number(order.yield);
        rows.number(order.scrap);
        rows.number(order.rework);
        rows.time(order.changed);
    }
    return made;
}

TableRows reports_of(const std::vector<ProductionReport>& reports) {
    TableRows made{
        "production_reports",
        "event_id, order_id, device_id, quantity_produced, quantity_rejected, quantity_reworked,"
        " final, reason_code, completion_time, received",
        k_leave};
    CopyRows& rows = made.rows;
    for (const ProductionReport& report : reports) {
        rows.row(10);
        rows.text(report.id);
        rows.text(report.order_id);
        rows.text_or_null(report.device_id);
        rows.number(report.yield);
        rows.number(report.scrap);
        rows.number(report.rework);
        rows.flag(report.final);
        rows.text_or_null(report.reason_code);
        rows.time(report.time);
        rows.time(report.received);
    }
    return made;
}

TableRows inspections_of(const std::vector<InspectionReport>& inspections) {
    TableRows made{
        "inspection_results",
        "event_id, position, lot_id, device_id, order_id, result, computed_result, name,"
        " measured_value, target, tolerance, lower_limit, upper_limit, passed, time, received",
        k_leave};
    CopyRows& rows = made.rows;
    for (const InspectionReport& report : inspections) {
        std::int32_t position = 0;
        for (const InspectionResult& result : report.results) {
            rows.row(16);
            rows.text(report.id);
            rows.position(position++);
            rows.text(report.lot_id);
            rows.text_or_null(report.device_id);
            rows.text_or_null(report.order_id);
            rows.text_or_null(report.stated);
            rows.text(report.computed);
            rows.text(result.name);
            rows.number(result.measured);
            rows.number(result.target);
            rows.number(result.tolerance);
            rows.number(result.lower);
            rows.number(result.upper);
            rows.flag(result.passed);
            rows.time(report.time);
            rows.time(report.received);
        }
    }
    return made;
}

TableRows statuses_of(const std::vector<EquipmentStatus>& statuses) {
    TableRows made{
        "equipment_status",
        "event_id, device_id, status, reason_code, downtime_start, downtime_end, received",
        "(event_id) DO UPDATE SET downtime_end=excluded.downtime_end"
        " WHERE excluded.downtime_end IS NOT NULL"};
    CopyRows& rows = made.rows;
    for (const EquipmentStatus& status : statuses) {
        rows.row(7);
        rows.text(status.id);
        rows.text(status.device_id);
        rows.text(status.status);
        rows.text_or_null(status.reason_code);
        rows.time(status.start);
        rows.time(status.end);
        rows.time(status.received);
    }
    return made;
}

CopyRows minutes_of(const std::vector<Reading>& readings, const Spelling& name) {
    using std::chrono::floor;
    using std::chrono::minutes;
    std::set<std::pair<std::string_view, Timestamp>> touched;
    for (const Reading& reading : readings) {
        touched.emplace(name(*reading.device), floor<minutes>(reading.time));
    }
    CopyRows rows;
    for (const auto& [device, minute] : touched) {
        rows.row(2);
        rows.time(minute);
        rows.text(device);
    }
    return rows;
}

}  // namespace modax::store
