// /api/v1/production/orders: production orders and what is reported of them.
#include "http/business.hpp"
#include "http/history_request.hpp"
#include "http/json_body.hpp"
#include "http/resources.hpp"

#include <utility>

namespace modax::http {
namespace {

constexpr std::string_view k_read = "production:read";
constexpr std::string_view k_write = "production:write";

// The name of ours, or SAP's; wrong when both are there, as they might differ.
std::string_view named(JsonBody& body, std::string_view ours, std::string_view sap) {
    if (!body.has(sap)) return ours;
    if (body.has(ours)) body.wrong(sap, "is another name of " + std::string{ours} + "; send one");
    return sap;
}

void move_order(const Call& call, Response& response, std::string_view verb) {
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    JsonBody body{call.request.body.empty() ? "{}" : call.request.body, {"device_id", "timestamp"}};
    auto device_id = body.optional_text("device_id");
    const auto time = body.time("timestamp");
    if (!body.finish(call, response)) return;
    auto origin = business_origin(call, k_write, response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        200,
        k_write,
        [operations,
         id = id_of(call),
         verb,
         device_id = std::move(device_id),
         time,
         origin = std::move(*origin)] {
            return operations->move(id, verb, device_id, time, origin);
        }
    );
}

}  // namespace

void get_orders(const Call& call, Response& response) {
    const auto parsed = parse_query(call, response);
    if (!parsed) return;
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    OrderQuery query;
    query.state = parsed->find("status").value_or("");
    query.device_id = parsed->find("device_id").value_or("");
    query.after = parsed->find("cursor").value_or("");
    if (const auto text = parsed->find("limit")) {
        const auto limit = parse_limit(*text, 1000);
        if (!limit) {
            const FieldError error{"limit", "must be a number from 1 to 1000"};
            set_invalid_query(call, response, {&error, 1});
            return;
        }
        query.limit = *limit;
    }
    auto origin = business_origin(call, k_read, response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        200,
        k_read,
        [operations, query, origin = std::move(*origin)] {
            return operations->orders_json(query, origin);
        }
    );
}

void get_order(const Call& call, Response& response) {
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    auto origin = business_origin(call, k_read, response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        200,
        k_read,
        [operations, id = id_of(call), origin = std::move(*origin)] {
            return operations->order_json(id, origin);
        }
    );
}

void post_order(const Call& call, Response& response) {
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    JsonBody body{
        call.request.body,
        {"order_id",
         "AUFNR",
         "material",
         "operation",
         "quantity",
         "unit",
         "ideal_cycle_seconds",
         "device_id",
         "planned_start",
         "planned_end"}};
    ProductionOrder order;
    order.id = body.text(named(body, "order_id", "AUFNR"));
    order.material = body.optional_text("material");
    order.operation = body.optional_text("operation");
    order.unit = body.optional_text("unit");
    order.device_id = body.optional_text("device_id");
    order.quantity = body.number("quantity");
    order.ideal_cycle_seconds = body.number("ideal_cycle_seconds");
    order.planned_start = body.time("planned_start");
    order.planned_end = body.time("planned_end");
    if (!body.finish(call, response)) return;
    auto origin = business_origin(call, k_write, response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        201,
        k_write,
        [operations, order = std::move(order), origin = std::move(*origin)] {
            return operations->create(order, origin);
        }
    );
}

void post_order_start(const Call& call, Response& response) {
    move_order(call, response, "start");
}

void post_order_interruption(const Call& call, Response& response) {
    move_order(call, response, "interrupt");
}

void post_order_completion(const Call& call, Response& response) {
    Operations* operations = operations_of(call, response);
    if (operations == nullptr) return;
    JsonBody body{
        call.request.body,
        {"quantity_produced",
         "quantity_rejected",
         "quantity_reworked",
         "completion_time",
         "device_id",
         "final",
         "reason_code",
         "AUFNR",
         "GMNGA",
         "AUSSS",
         "BUDAT"}};
    ProductionReport report;
    report.order_id = id_of(call);
    report.device_id = body.optional_text("device_id");
    const auto produced = named(body, "quantity_produced", "GMNGA");
    const auto yield = body.number(produced);
    if (!yield && !body.has(produced)) body.wrong("quantity_produced", "is missing");
    report.yield = yield.value_or(0);
    report.scrap = body.number(named(body, "quantity_rejected", "AUSSS")).value_or(0);
    report.rework = body.number("quantity_reworked").value_or(0);
    report.final = body.boolean("final").value_or(true);
    report.reason_code = body.optional_text("reason_code");
    const auto time = body.time(named(body, "completion_time", "BUDAT"));
    if (body.has("AUFNR") && body.text("AUFNR") != report.order_id) {
        body.wrong("AUFNR", "is another order than that of the path");
    }
    if (!body.finish(call, response)) return;
    auto origin = business_origin(call, k_write, response);
    if (!origin) return;
    set_business_answer(
        call,
        response,
        200,
        k_write,
        [operations, report = std::move(report), time, origin = std::move(*origin)] {
            return operations->report(report, time, origin);
        }
    );
}

}  // namespace modax::http
