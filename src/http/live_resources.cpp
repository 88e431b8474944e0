// /ws, /ws/device/{id} and the tickets for browsers.
#include "core/flat_json.hpp"
#include "core/metric_selection.hpp"
#include "http/live_notice.hpp"
#include "http/live_request.hpp"
#include "http/resources.hpp"
#include "http/tickets.hpp"
#include "http/websocket_frame.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace modax::http {
namespace {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

// A browser says from which page a WebSocket is opened; other clients say nothing.
bool is_allowed_origin(const Call& call) {
    if (!call.request.origin) return true;
    // Our own pages, also behind a proxy that ends TLS.
    const std::string host{call.request.host};
    if (equals_ignoring_case(*call.request.origin, "https://" + host) ||
        equals_ignoring_case(*call.request.origin, "http://" + host)) {
        return true;
    }
    const auto& allowed = call.services.options.allowed_origins;
    return std::find(allowed.begin(), allowed.end(), *call.request.origin) != allowed.end();
}

void take_kinds(std::string_view list, LiveFilter& filter, std::vector<FieldError>& errors) {
    filter.readings = filter.safety = false;
    const auto kinds = split_list(list);
    for (const std::string& kind : kinds) {
        if (kind == "reading") {
            filter.readings = true;
        } else if (kind == "safety") {
            filter.safety = true;
        } else if (find_notice_kind(kind) != nullptr) {
            filter.notices.push_back(kind);
        } else {
            errors.push_back(
                {"kinds",
                 "may have reading, safety, analysis, security, production, quality and equipment"}
            );
        }
    }
    if (kinds.empty()) errors.push_back({"kinds", "must not be empty"});
}

void take_filter(const QueryString& query, LiveRequest& live, std::vector<FieldError>& errors) {
    if (const auto text = query.find("devices")) {
        live.filter.devices = split_list(*text);
        for (const std::string& id : live.filter.devices) {
            if (!is_valid_device_id(id)) errors.push_back({"devices", "must be a list of ids"});
        }
    }
    if (const auto text = query.find("metrics")) {
        auto names = parse_metric_names(*text);
        if (!names) errors.push_back({"metrics", "must be a list of metric names"});
        if (names) live.filter.metrics = std::move(*names);
    }
    if (const auto text = query.find("kinds")) take_kinds(*text, live.filter, errors);
    if (const auto text = query.find("since")) {
        std::uint64_t since = 0;
        const char* end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, since);
        if (parsed.ec == std::errc{} && parsed.ptr == end) {
            live.since = since;
        } else {
            errors.push_back({"since", "must be the seq of the last event that arrived"});
        }
    }
}

// The upgrade itself (RFC 6455 section 4.2.1). False when the answer is a problem.
bool check_upgrade(const Call& call, Response& response, LiveRequest& live) {
    const Request& request = call.request;
    if (!request.connection_upgrade || !equals_ignoring_case(request.upgrade, "websocket") ||
        request.method != Method::get || request.http_1_0) {
        response.add_field("Upgrade", "websocket");
        set_problem(response, 426, "open this address as a WebSocket", request.path);
        return false;
    }
    if (request.websocket_version != "13") {
        response.add_field("Sec-WebSocket-Version", "13");
        response.add_field("Upgrade", "websocket");
        set_problem(response, 426, "only WebSocket version 13 is spoken", request.path);
        return false;
    }
    auto accept = websocket_accept(request.websocket_key);
    if (!accept) {
        set_problem(response, 400, "Sec-WebSocket-Key is missing or malformed", request.path);
        return false;
    }
    if (!is_allowed_origin(call)) {
        set_problem(
            response,
            403,
            "pages of this origin may not open a WebSocket here; see http.allowed_origins",
            request.path
        );
        return false;
    }
    live.accept = std::move(*accept);
    return true;
}

void open_live(const Call& call, Response& response, const Device* device) {
    auto live = std::make_shared<LiveRequest>();
    if (!check_upgrade(call, response, *live)) return;
    const auto query = parse_query(call, response);
    if (!query) return;
    std::vector<FieldError> errors;
    take_filter(*query, *live, errors);
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    for (const std::string& kind : live->filter.notices) {
        if (find_notice_kind(kind)->of_device) continue;  // its scope is that of the route
        const std::string scope{find_notice_kind(kind)->scope};
        // What a notice tells of is not of one device.
        if (call.principal.may(scope) && call.principal.devices.empty() && device == nullptr)
            continue;
        set_problem(
            response,
            403,
            "kind " + kind + " is for /ws and a key for all devices with the scope " + scope,
            call.request.path
        );
        return;
    }
    live->filter.allowed = call.principal.devices;
    if (device != nullptr) live->filter.devices = {device->id()};
    live->device = device;
    live->key = Secret{call.key};
    live->permit = call.services.live_clients.take("", 0);
    if (!live->permit) {
        set_problem(response, 503, "there are too many WebSocket clients", call.request.path);
        return;
    }
    response.status = 101;
    response.live = std::move(live);
}

}  // namespace

void get_live(const Call& call, Response& response) {
    open_live(call, response, nullptr);
}

void get_device_live(const Call& call, Response& response) {
    open_live(call, response, call.device);
}

void post_ticket(const Call& call, Response& response) {
    const auto ticket = call.services.tickets.issue(call.key);
    if (!ticket) {
        set_problem(response, 503, "too many tickets are open", call.request.path);
        return;
    }
    response.status = 201;
    response.body = "{\"ticket\":";
    append_json_string(response.body, *ticket);
    response.body += ",\"expires\":\"";
    append_iso8601(response.body, call.services.dependencies.clock.now() + Tickets::k_life);
    response.body += "\"}";
    response.add_field("Cache-Control", "no-store");
}

}  // namespace modax::http
