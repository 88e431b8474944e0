#include "operations/service.hpp"

#include "core/hex.hpp"
#include "operations/documents.hpp"
#include "operations/judgement.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace modax::operations {
namespace {

// As for readings (ingest.future_tolerance by default).
constexpr std::chrono::hours k_future_tolerance{24};

Status check_quantity(std::string_view field, double value) {
    if (std::isfinite(value) && value >= 0 && value <= 1e12) return {};
    return fail(Errc::invalid_argument, std::string{field} + ": must be from 0 to 10^12");
}

Status check_key(std::string_view field, std::string_view key) {
    if (is_valid_key(key)) return {};
    return fail(
        Errc::invalid_argument,
        std::string{field} + ": must be 1 to 64 letters, digits, '.', '_' or '-'"
    );
}

Status check_optional_key(std::string_view field, std::string_view key) {
    return key.empty() ? Status{} : check_key(field, key);
}

Status may_see(const BusinessOrigin& origin, std::string_view device_id) {
    if (origin.may(device_id)) return {};
    return fail(Errc::permission_denied, "the key does not allow this device");
}

// A key that is for certain devices learns nothing of other orders, not even that they are there.
Status may_see(const BusinessOrigin& origin, const ProductionOrder& order) {
    if (origin.may(order.device_id)) return {};
    return fail(Errc::not_found, "there is no order " + order.id);
}

Status check_report(const ProductionReport& report) {
    Status valid = check_key("order_id", report.order_id);
    if (valid) valid = check_optional_key("device_id", report.device_id);
    if (valid) valid = check_quantity("quantity_produced", report.yield);
    if (valid) valid = check_quantity("quantity_rejected", report.scrap);
    if (valid) valid = check_quantity("quantity_reworked", report.rework);
    return valid;
}

void add_up(ProductionOrder& order, const ProductionReport& report) {
    order.id = report.order_id;
    if (order.device_id.empty()) order.device_id = report.device_id;
    order.yield += report.yield;
    order.scrap += report.scrap;
    order.rework += report.rework;
    if (report.final) {
        order.state = "completed";
        order.completed = report.time;
    } else if (order.state != "interrupted") {
        order.state = "started";
    }
    order.changed = report.received;
}

}  // namespace

// What the rules work with and fill in.
struct Service::Change {
    OperationsTransaction& rows;
    std::string before;  // documents of the object
    std::string after;
    std::string answer;
    BusinessEvent event;
};

Service::Service(
    OperationsStore& store, const Clock& clock, Random& random, Hash hash, std::vector<Shift> shifts
)
    : store_{store},
      clock_{clock},
      random_{random},
      hash_{std::move(hash)},
      shifts_{std::move(shifts)} {}

std::string Service::new_id() const {
    std::array<std::byte, 16> bytes{};
    random_.fill(bytes);
    return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Status Service::check_time(std::string_view field, Timestamp time) const {
    if (time <= clock_.now() + k_future_tolerance) return {};
    return fail(Errc::invalid_argument, std::string{field} + ": is more than a day ahead");
}

Result<std::string> Service::change(
    std::string_view action,
    const std::string& object,
    const BusinessOrigin& origin,
    const Rules& rules
) {
    BusinessChange change;
    change.record = origin.origin;
    change.record.time = clock_.now();
    change.record.action = action;
    change.record.object = object;
    change.key = origin.key;
    const auto done = store_.change(change, [&](OperationsTransaction& rows) -> Status {
        Change made{rows, {}, {}, {}, {}};
        made.event.id = new_id();
        made.event.type = action;
        made.event.object_key = object;
        made.event.time = change.record.time;
        if (auto applied = rules(made); !applied) return applied;
        change.record.before_hash = made.before.empty() ? std::string{} : hash_(made.before);
        change.record.after_hash = hash_(made.after);
        change.answer = std::move(made.answer);
        change.events = {std::move(made.event)};
        return {};
    });
    if (!done) return tl::make_unexpected(done.error());
    return std::move(change.answer);
}

Result<std::string> Service::create(ProductionOrder order, const BusinessOrigin& origin) {
    Status valid = check_key("order_id", order.id);
    if (valid) valid = check_optional_key("device_id", order.device_id);
    if (valid && order.quantity) valid = check_quantity("quantity", *order.quantity);
    if (valid && order.ideal_cycle_seconds) {
        valid = check_quantity("ideal_cycle_seconds", *order.ideal_cycle_seconds);
    }
    if (valid && order.planned_start && order.planned_end &&
        *order.planned_end < *order.planned_start) {
        valid = fail(Errc::invalid_argument, "planned_end: is before planned_start");
    }
    if (valid) valid = may_see(origin, order.device_id);
    if (!valid) return tl::make_unexpected(valid.error());
    order.state = "released";
    order.changed = clock_.now();
    return change("production.created", "order:" + order.id, origin, [&](Change& made) -> Status {
        const auto known = made.rows.order(order.id);
        if (!known) return tl::make_unexpected(known.error());
        if (*known) return fail(Errc::already_exists, "there is an order " + order.id + " already");
        made.event.device_id = order.device_id;
        made.after = made.answer = made.event.body = document(order);
        return made.rows.put(order);
    });
}

Result<std::string> Service::move(
    std::string_view order_id,
    std::string_view verb,
    std::string_view device_id,
    std::optional<Timestamp> time,
    const BusinessOrigin& origin
) {
    const Timestamp when = time.value_or(clock_.now());
    Status valid = check_key("order_id", order_id);
    if (valid) valid = check_optional_key("device_id", device_id);
    if (valid) valid = check_time("timestamp", when);
    if (!valid) return tl::make_unexpected(valid.error());
    const bool start = verb == "start";
    const std::string id{order_id};
    const std::string action = start ? "production.started" : "production.interrupted";
    return change(action, "order:" + id, origin, [&](Change& made) -> Status {
        auto known = made.rows.order(id);
        if (!known) return tl::make_unexpected(known.error());
        if (!*known) return fail(Errc::not_found, "there is no order " + id);
        ProductionOrder& order = **known;
        if (!order.device_id.empty() || device_id.empty()) {
            if (auto seen = may_see(origin, order); !seen) return seen;
        }
        if (!device_id.empty()) {
            if (auto seen = may_see(origin, device_id); !seen) return seen;
        }
        const bool allowed = start ? order.state == "released" || order.state == "interrupted"
                                   : order.state == "started";
        if (!allowed) {
            return fail(
                Errc::already_exists,
                "the order is " + order.state + ", so it can't be " +
                    (start ? "started" : "interrupted")
            );
        }
        made.before = document(order);
        order.state = start ? "started" : "interrupted";
        if (start && !order.started) order.started = when;
        if (!device_id.empty()) order.device_id = device_id;
        order.changed = clock_.now();
        made.event.time = when;
        made.event.device_id = order.device_id;
        made.after = made.answer = made.event.body = document(order);
        return made.rows.put(order);
    });
}

Result<std::string> Service::report(
    ProductionReport report, std::optional<Timestamp> time, const BusinessOrigin& origin
) {
    report.received = clock_.now();
    report.time = time.value_or(report.received);
    Status valid = check_report(report);
    if (valid) valid = check_time("completion_time", report.time);
    if (!valid) return tl::make_unexpected(valid.error());
    const std::string object = "order:" + report.order_id;
    const auto* action = report.final ? "production.completed" : "production.reported";
    return change(action, object, origin, [&](Change& made) -> Status {
        auto known = made.rows.order(report.order_id);
        if (!known) return tl::make_unexpected(known.error());
        ProductionOrder order;
        if (*known) {
            order = std::move(**known);
            if (!order.device_id.empty()) {
                if (auto seen = may_see(origin, order); !seen) return seen;
            }
            made.before = document(order);
        }
        if (report.device_id.empty()) report.device_id = order.device_id;
        if (auto seen = may_see(origin, report.device_id); !seen) return seen;
        if (order.state == "completed") {
            return fail(
                Errc::already_exists,
                "the order " + order.id +
                    " is completed; send an Idempotency-Key to repeat a request safely"
            );
        }
        add_up(order, report);
        report.id = made.event.id;
        made.event.time = report.time;
        made.event.device_id = report.device_id;
        made.event.body = event_document(report, order);
        made.after = made.answer = document(order);
        if (auto stored = made.rows.put(order); !stored) return stored;
        return made.rows.add(report);
    });
}

Result<std::string> Service::inspect(
    InspectionReport report, std::optional<Timestamp> time, const BusinessOrigin& origin
) {
    report.received = clock_.now();
    report.time = time.value_or(report.received);
    Status valid = check_key("lot_id", report.lot_id);
    if (valid) valid = check_optional_key("device_id", report.device_id);
    if (valid) valid = check_optional_key("order_id", report.order_id);
    if (valid && !report.stated.empty() && report.stated != "passed" && report.stated != "failed") {
        valid = fail(Errc::invalid_argument, "result: must be passed or failed");
    }
    if (valid) valid = check_time("timestamp", report.time);
    if (valid) valid = may_see(origin, report.device_id);
    if (!valid) return tl::make_unexpected(valid.error());
    judge(report);
    const std::string object = "lot:" + report.lot_id;
    return change("quality.results", object, origin, [&](Change& made) -> Status {
        report.id = made.event.id;
        made.event.time = report.time;
        made.event.device_id = report.device_id;
        made.after = made.answer = made.event.body = document(report);
        return made.rows.add(report);
    });
}

Result<std::string> Service::set_status(
    EquipmentStatus status, std::optional<Timestamp> start, const BusinessOrigin& origin
) {
    status.received = clock_.now();
    status.start = start.value_or(status.received);
    Status valid = check_key("device_id", status.device_id);
    if (valid && !is_known_status(status.status)) {
        valid =
            fail(Errc::invalid_argument, "status: must be one of " + std::string{status_names()});
    }
    if (valid) valid = check_optional_key("reason_code", status.reason_code);
    if (valid) valid = check_time("downtime_start", status.start);
    if (valid && status.end && *status.end <= status.start) {
        valid = fail(Errc::invalid_argument, "downtime_end: must be after downtime_start");
    }
    if (valid) valid = may_see(origin, status.device_id);
    if (!valid) return tl::make_unexpected(valid.error());
    const std::string object = "device:" + status.device_id;
    return change("equipment.status", object, origin, [&](Change& made) -> Status {
        const auto open = made.rows.open_status(status.device_id);
        if (!open) return tl::make_unexpected(open.error());
        // A new state ends the one before it; one that lies in the past changes nothing of it.
        if (*open && (*open)->start < status.start && !status.end) {
            made.before = document(**open);
            if (auto ended = made.rows.end_status((*open)->id, status.start); !ended) return ended;
        }
        if (is_downtime(status.status)) {
            const auto other =
                made.rows.downtime_within(status.device_id, status.start, status.end);
            if (!other) return tl::make_unexpected(other.error());
            if (*other) {
                return fail(
                    Errc::already_exists,
                    "a downtime of the device is there from " + format_iso8601((*other)->start) +
                        ((*other)->end ? " to " + format_iso8601(*(*other)->end) : " on")
                );
            }
        }
        status.id = made.event.id;
        made.event.time = status.start;
        made.event.device_id = status.device_id;
        made.after = made.answer = made.event.body = document(status);
        return made.rows.add(status);
    });
}

}  // namespace modax::operations
