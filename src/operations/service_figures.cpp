// Figures made from what was stored: the members of /statistics, OEE, capability.
#include "core/json_object.hpp"
#include "operations/capability.hpp"
#include "operations/judgement.hpp"
#include "operations/oee.hpp"
#include "operations/service.hpp"

#include <algorithm>
#include <map>

namespace modax::operations {
namespace {

double seconds(std::chrono::microseconds duration) {
    return std::chrono::duration<double>{duration}.count();
}

std::string json_of(double value) {
    std::string json;
    append_json_number(json, value);
    return json;
}

std::string document(const OeeInput& input) {
    const Oee oee = oee_of(input);
    return JsonObject{}
        .number("oee", oee.oee)
        .number("availability", oee.availability)
        .number("performance", oee.performance)
        .number("quality", oee.quality)
        .number("planned_seconds", seconds(input.planned))
        .number("downtime_seconds", seconds(input.downtime))
        .number("ideal_seconds", input.ideal_seconds)
        .number("quantity_produced", input.produced)
        .number("quantity_rejected", input.rejected)
        .take();
}

void append_last_order(
    std::vector<StatisticsMember>& members, const std::vector<ProductionReport>& reports
) {
    if (reports.empty()) return;
    const ProductionReport& last = reports.back();
    double produced = 0;
    double rejected = 0;
    for (const ProductionReport& report : reports) {
        if (report.order_id != last.order_id) continue;
        produced += report.yield;
        rejected += report.scrap;
    }
    members.emplace_back("order_id", '"' + last.order_id + '"');
    members.emplace_back("quantity_produced", json_of(produced));
    members.emplace_back("quantity_rejected", json_of(rejected));
    members.emplace_back("production_date", '"' + format_iso8601(last.time).substr(0, 10) + '"');
}

}  // namespace

Result<std::string> Service::oee_json(
    const StatisticsQuery& query, const std::vector<ProductionReport>& reports
) const {
    OeeInput input;
    const auto planned = planned_intervals(shifts_, query.start, query.end);
    input.planned = overlap(planned, query.start, query.end);
    const auto downtimes = store_.downtimes(query.device->id(), query.start, query.end);
    if (!downtimes) return tl::make_unexpected(downtimes.error());
    for (const EquipmentStatus& one : *downtimes) {
        input.downtime += overlap(planned, one.start, one.end.value_or(query.end));
    }
    std::map<std::string, double, std::less<>> made;  // by order
    for (const ProductionReport& report : reports) {
        // Told in the interval, but made in another.
        if (report.time < query.start || report.time >= query.end) continue;
        input.produced += report.yield;
        input.rejected += report.scrap;
        made[report.order_id] += report.yield + report.scrap;
    }
    if (!made.empty()) input.ideal_seconds = 0;
    for (const auto& [id, quantity] : made) {
        const auto order = store_.find_order(id);
        if (!order) return tl::make_unexpected(order.error());
        const auto ideal = *order ? (*order)->ideal_cycle_seconds : std::nullopt;
        if (!ideal || !input.ideal_seconds) {
            input.ideal_seconds.reset();
        } else {
            *input.ideal_seconds += quantity * *ideal;
        }
    }
    return document(input);
}

Result<std::vector<StatisticsMember>> Service::contribute(const StatisticsQuery& query) const {
    // An interval without an end ends with the second that has begun: what came in it counts.
    const auto end = query.end + std::chrono::seconds{1};
    const auto reports = store_.reports_of(query.device->id(), query.start, end);
    if (!reports) return tl::make_unexpected(reports.error());
    const auto oee = oee_json(query, *reports);
    if (!oee) return tl::make_unexpected(oee.error());
    std::vector<StatisticsMember> members;
    append_last_order(members, *reports);
    members.emplace_back("oee", *oee);
    return members;
}

Result<std::string> Service::capability_json(
    const CapabilityQuery& query, const BusinessOrigin& origin
) const {
    if (query.characteristic.empty()) {
        return fail(Errc::invalid_argument, "characteristic: is missing");
    }
    if (!origin.may(query.device_id)) {
        return fail(Errc::permission_denied, "the key does not allow this; name a device of it");
    }
    const auto measured = store_.measurements(query);
    if (!measured) return tl::make_unexpected(measured.error());
    std::vector<double> values;
    for (const Measurement& one : *measured) values.push_back(one.result.measured);
    // Those that hold now.
    const Limits limits = measured->empty() ? Limits{} : limits_of(measured->back().result);
    const Capability found = capability_of(values, limits);
    std::string signals = "[";
    for (const Signal& signal : found.signals) {
        if (signals.size() > 1) signals += ',';
        const Measurement& at = (*measured)[signal.index];
        signals += JsonObject{}
                       .text("rule", signal.rule)
                       .text("lot_id", at.lot_id)
                       .time("timestamp", at.time)
                       .number("measured_value", at.result.measured)
                       .take();
    }
    const bool any = found.count > 0;
    const bool varies = found.count > 1;
    const auto when = [](bool there, double value) {
        return there ? std::optional{value} : std::nullopt;
    };
    return JsonObject{}
        .text("characteristic", query.characteristic)
        .text("device_id", query.device_id)
        .number("count", static_cast<double>(found.count))
        .number("lower_limit", limits.lower)
        .number("upper_limit", limits.upper)
        .number("mean", when(any, found.mean))
        .number("standard_deviation", when(varies, found.deviation))
        .number("sigma_within", when(varies, found.within))
        .number("cp", found.cp)
        .number("cpk", found.cpk)
        .number("pp", found.pp)
        .number("ppk", found.ppk)
        .boolean("in_control", found.signals.empty())
        .json("signals", signals + ']')
        .take();
}

}  // namespace modax::operations
