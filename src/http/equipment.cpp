// /api/v1/equipment/status: states and downtimes of machines.
#include "http/business.hpp"
#include "http/history_request.hpp"
#include "http/json_body.hpp"
#include "http/resources.hpp"

#include <charconv>
#include <utility>

namespace modax::http {

void get_equipment_status(const Call& call, Response& response) {
    const auto parsed = parse_query(call, response);
    if (!parsed) return;
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    std::vector<FieldError> errors;
    StatusQuery query;
    query.device_id = parsed->find("device_id").value_or("");
    if (const auto text = parsed->find("limit")) {
        const auto limit = parse_limit(*text, 1000);
        if (!limit) errors.push_back({"limit", "must be a number from 1 to 1000"});
        query.limit = limit.value_or(query.limit);
    }
    if (const auto text = parsed->find("cursor")) {
        const char* end = text->data() + text->size();
        const auto read = std::from_chars(text->data(), end, query.before);
        if (read.ec != std::errc{} || read.ptr != end || query.before == 0) {
            errors.push_back({"cursor", "must be the next_cursor of an earlier answer"});
        }
    }
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    auto origin = business_origin(call, "equipment:read", response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        200,
        "equipment:read",
        [operations, query, origin = std::move(*origin)] {
            return operations->statuses_json(query, origin);
        }
    );
}

void post_equipment_status(const Call& call, Response& response) {
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    JsonBody body{
        call.request.body,
        {"device_id", "status", "reason_code", "downtime_start", "downtime_end", "timestamp"}};
    EquipmentStatus status;
    status.device_id = body.text("device_id");
    status.status = body.text("status");
    status.reason_code = body.optional_text("reason_code");
    auto start = body.time("downtime_start");
    const auto time = body.time("timestamp");
    if (!start) start = time;
    status.end = body.time("downtime_end");
    if (!body.finish(call, response)) return;
    auto origin = business_origin(call, "equipment:write", response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        201,
        "equipment:write",
        [operations, status = std::move(status), start, origin = std::move(*origin)] {
            return operations->set_status(status, start, origin);
        }
    );
}

}  // namespace modax::http
