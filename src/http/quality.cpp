// /api/v1/quality: inspection lots and their results.
#include "http/business.hpp"
#include "http/history_request.hpp"
#include "http/json_body.hpp"
#include "http/resources.hpp"

#include <utility>

namespace modax::http {
namespace {

constexpr std::size_t k_max_characteristics = 1000;

std::vector<InspectionResult> read_characteristics(JsonBody& body) {
    std::vector<InspectionResult> results;
    for (JsonMembers& members : body.objects("characteristics", k_max_characteristics)) {
        members.only({"name", "measured_value", "target", "tolerance", "lower_limit", "upper_limit"}
        );
        InspectionResult result;
        result.name = members.text("name");
        const auto measured = members.number("measured_value");
        if (!measured && !members.has("measured_value")) {
            members.wrong("measured_value", "is missing");
        }
        result.measured = measured.value_or(0);
        result.target = members.number("target");
        result.tolerance = members.number("tolerance");
        result.lower = members.number("lower_limit");
        result.upper = members.number("upper_limit");
        if (result.tolerance.value_or(0) < 0) members.wrong("tolerance", "must not be negative");
        if (result.lower && result.upper && *result.lower > *result.upper) {
            members.wrong("lower_limit", "is above upper_limit");
        }
        results.push_back(std::move(result));
    }
    if (results.empty()) body.wrong("characteristics", "must have at least one of 1000");
    return results;
}

}  // namespace

void get_lot(const Call& call, Response& response) {
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    auto origin = business_origin(call, "quality:read", response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        200,
        "quality:read",
        [operations, id = id_of(call), origin = std::move(*origin)] {
            return operations->lot_json(id, origin);
        }
    );
}

void post_lot_results(const Call& call, Response& response) {
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    JsonBody body{
        call.request.body, {"device_id", "order_id", "characteristics", "result", "timestamp"}};
    InspectionReport report;
    report.lot_id = id_of(call);
    report.device_id = body.optional_text("device_id");
    report.order_id = body.optional_text("order_id");
    report.stated = body.optional_text("result");
    const auto time = body.time("timestamp");
    report.results = read_characteristics(body);
    if (!body.finish(call, response)) return;
    auto origin = business_origin(call, "quality:write", response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        201,
        "quality:write",
        [operations, report = std::move(report), time, origin = std::move(*origin)] {
            return operations->inspect(report, time, origin);
        }
    );
}

void get_capability(const Call& call, Response& response) {
    const auto parsed = parse_query(call, response);
    if (!parsed) return;
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    CapabilityQuery query;
    query.characteristic = parsed->find("characteristic").value_or("");
    query.device_id = parsed->find("device_id").value_or("");
    if (const auto text = parsed->find("limit")) {
        const auto limit = parse_limit(*text, 10'000);
        if (!limit) {
            const FieldError error{"limit", "must be a number from 1 to 10000"};
            set_invalid_query(call, response, {&error, 1});
            return;
        }
        query.limit = *limit;
    }
    auto origin = business_origin(call, "quality:read", response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        200,
        "quality:read",
        [operations, query, origin = std::move(*origin)] {
            return operations->capability_json(query, origin);
        }
    );
}

}  // namespace modax::http
