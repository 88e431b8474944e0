// /api/v1/outbox and /api/v1/connectors: what is delivered to other systems, and how that went.
#include "core/delivery.hpp"
#include "core/flat_json.hpp"
#include "core/json_object.hpp"
#include "http/business.hpp"
#include "http/change.hpp"
#include "http/history_request.hpp"
#include "http/json_body.hpp"
#include "http/resources.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace modax::http {
namespace {

constexpr std::size_t k_default_limit = 100;
constexpr std::size_t k_max_limit = 1000;
constexpr std::array<std::string_view, 6> k_states{
    "queued", "in_flight", "in_doubt", "delivered", "dead", "discarded"};

OutboxStore* outbox_of(const Call& call, Response& response) {
    OutboxStore* outbox = call.services.dependencies.outbox;
    if (outbox == nullptr) {
        set_problem(response, 503, "this gateway has no outbox", call.request.path);
    }
    return outbox;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// Left open for more members.
JsonObject summary(const Delivery& delivery) {
    JsonObject json;
    json.json("id", std::to_string(delivery.id))
        .text("connector", delivery.connector)
        .text("state", delivery.state)
        .json("attempts", std::to_string(delivery.attempts))
        .text("event_id", delivery.event.id)
        .text("type", delivery.event.type)
        .text("object", delivery.event.object_key)
        .time("created", delivery.created);
    if (delivery.state == "queued" && delivery.next_attempt != k_never) {
        json.time("next_attempt", delivery.next_attempt);
    }
    json.text("reason", delivery.reason);
    return json;
}

// The id of the path; nullopt, and the answer is a problem, when it is no number.
std::optional<std::uint64_t> delivery_id(const Call& call, Response& response) {
    const auto id = number_of(id_of(call));
    if (!id) set_problem(response, 404, "there is no such delivery", call.request.path);
    return id;
}

using Decision = Status (OutboxStore::*)(std::uint64_t, const AuditEntry&);

void decide(const Call& call, Response& response, std::string_view action, Decision decision) {
    JsonBody body{call.request.body.empty() ? "{}" : call.request.body, {"reason"}};
    std::string reason;
    if (body.has("reason")) reason = body.text("reason");
    if (!body.finish(call, response)) return;
    OutboxStore* outbox = outbox_of(call, response);
    if (outbox == nullptr) return;
    const auto id = delivery_id(call, response);
    if (!id) return;
    AuditEntry record = origin_of(call);
    record.time = call.services.dependencies.clock.now();
    record.action = std::string{"delivery."}.append(action);
    record.object = "delivery:" + std::to_string(*id);
    record.detail = std::move(reason);
    set_change(
        response,
        200,
        [outbox, id = *id, decision, record = std::move(record)]() -> Result<std::string> {
            if (auto known = outbox->delivery(id); !known) {
                return tl::make_unexpected(known.error());
            }
            if (auto done = (outbox->*decision)(id, record); !done) {
                return tl::make_unexpected(done.error());
            }
            auto delivery = outbox->delivery(id);
            if (!delivery) return tl::make_unexpected(delivery.error());
            return summary(*delivery).take();
        }
    );
}

}  // namespace

void get_outbox(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    std::vector<FieldError> errors;
    OutboxQuery wanted;
    wanted.limit = k_default_limit;
    if (const auto text = query->find("state")) {
        wanted.state = *text;
        if (std::find(k_states.begin(), k_states.end(), *text) == k_states.end()) {
            errors.push_back(
                {"state", "must be queued, in_flight, in_doubt, delivered, dead or discarded"}
            );
        }
    }
    if (const auto text = query->find("connector")) wanted.connector = *text;
    if (const auto text = query->find("limit")) {
        const auto parsed = parse_limit(*text, k_max_limit);
        if (!parsed) errors.push_back({"limit", "must be a number from 1 to 1000"});
        wanted.limit = parsed.value_or(wanted.limit);
    }
    if (const auto text = query->find("cursor")) {
        const auto parsed = number_of(*text);
        if (!parsed) errors.push_back({"cursor", "must be the next_cursor of an earlier answer"});
        wanted.after = parsed.value_or(0);
    }
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    const OutboxStore* outbox = outbox_of(call, response);
    if (outbox == nullptr) return;
    set_change(response, 200, [outbox, wanted]() -> Result<std::string> {
        const auto found = outbox->deliveries(wanted);
        if (!found) return tl::make_unexpected(found.error());
        std::string out = "{\"deliveries\":[";
        for (const Delivery& delivery : *found) {
            if (out.back() != '[') out += ',';
            out += summary(delivery).take();
        }
        out += "],\"next_cursor\":";
        const bool more = found->size() == wanted.limit;
        return out + (more ? '"' + std::to_string(found->back().id) + '"' : "null") + '}';
    });
}

void get_delivery(const Call& call, Response& response) {
    const OutboxStore* outbox = outbox_of(call, response);
    if (outbox == nullptr) return;
    const auto id = delivery_id(call, response);
    if (!id) return;
    set_change(response, 200, [outbox, id = *id]() -> Result<std::string> {
        const auto found = outbox->delivery(id);
        if (!found) return tl::make_unexpected(found.error());
        return summary(*found)
            .json("event", found->event.body)
            .text("request", found->request)
            .text("answer", found->answer)
            .take();
    });
}

void post_delivery_retry(const Call& call, Response& response) {
    decide(call, response, "retry", &OutboxStore::retry_delivery);
}

void post_delivery_discard(const Call& call, Response& response) {
    decide(call, response, "discard", &OutboxStore::discard_delivery);
}

void get_connectors(const Call& call, Response& response) {
    std::string out = "{\"connectors\":[";
    const ConnectorList* list = call.services.dependencies.connectors;
    for (const ConnectorState& state :
         list == nullptr ? std::vector<ConnectorState>{} : list->connectors()) {
        if (out.back() != '[') out += ',';
        std::string events;
        append_json_array(events, state.events);
        out += JsonObject{}
                   .text("name", state.name)
                   .text("file", state.file)
                   .json("events", events)
                   .text("url", state.url)
                   .boolean("circuit_open", state.circuit_open)
                   .text("last_problem", state.last_problem)
                   .take();
    }
    response.body = out + "]}";
    response.add_field("Cache-Control", "no-store");
}

}  // namespace modax::http
