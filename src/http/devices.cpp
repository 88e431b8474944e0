// /api/v1/devices and what is below, but for the history.
#include "core/flat_json.hpp"
#include "http/history_request.hpp"
#include "http/resources.hpp"
#include "live/hub.hpp"

#include <charconv>

namespace modax::http {
namespace {

void append_device(std::string& out, const Device& device, const live::Hub& hub) {
    out += "{\"id\":";
    append_json_string(out, device.id());
    out += ",\"registered\":\"";
    append_iso8601(out, device.registered());
    out += "\",\"last_seen\":";
    if (const auto seen = hub.last_seen(device)) {
        out += '"';
        append_iso8601(out, *seen);
        out += '"';
    } else {
        out += "null";
    }
    std::optional<bool> is_safe = device.last_is_safe();
    if (const auto latest = hub.latest(device)) is_safe = latest->is_safe;
    out += ",\"is_safe\":";
    out += !is_safe ? "null" : *is_safe ? "true" : "false";
    out += '}';
}

void set_latest(
    const Call& call,
    Response& response,
    std::shared_ptr<const std::string> json,
    std::string_view missing
) {
    if (!json) {
        set_problem(response, 404, missing, call.request.path, {}, "no-data");
        return;
    }
    response.shared_body = std::move(json);
    response.fields += "Cache-Control: no-store\r\n";
    set_etag(call, response);
}

}  // namespace

void get_devices(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    std::vector<FieldError> errors;
    std::size_t limit = 1000;
    std::uint32_t after = 0;
    if (const auto text = query->find("limit")) {
        const auto parsed = parse_limit(*text, 1000);
        if (!parsed) errors.push_back({"limit", "must be a number from 1 to 1000"});
        limit = parsed.value_or(limit);
    }
    if (const auto text = query->find("cursor")) {
        const char* end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, after);
        if (parsed.ec != std::errc{} || parsed.ptr != end) {
            errors.push_back({"cursor", "must be the next_cursor of an earlier answer"});
        }
    }
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    const Dependencies& dependencies = call.services.dependencies;
    std::string& out = response.body;
    out += "{\"devices\":[";
    std::size_t count = 0;
    std::uint32_t last = 0;
    bool more = false;
    // In order of registration, which is that of the numbers.
    for (const Device* device : dependencies.devices.all()) {
        if (device->number() <= after || !call.principal.may("readings:read", device->id())) {
            continue;
        }
        if (count == limit) {
            more = true;
            break;
        }
        if (count++ > 0) out += ',';
        append_device(out, *device, dependencies.hub);
        last = device->number();
    }
    out += "],\"next_cursor\":";
    if (more) {
        append_json_string(out, std::to_string(last));
    } else {
        out += "null";
    }
    out += '}';
    response.add_field("Cache-Control", "no-store");
    set_etag(call, response);
}

void get_device(const Call& call, Response& response) {
    append_device(response.body, *call.device, call.services.dependencies.hub);
    response.add_field("Cache-Control", "no-store");
    set_etag(call, response);
}

void get_latest(const Call& call, Response& response) {
    set_latest(
        call,
        response,
        call.services.dependencies.hub.latest_json(*call.device),
        "the device has sent no reading yet"
    );
}

void get_safety(const Call& call, Response& response) {
    set_latest(
        call,
        response,
        call.services.dependencies.hub.latest_safety_json(*call.device),
        "the device has sent no safety status yet"
    );
}

}  // namespace modax::http
