#include "simulation/payload.hpp"

#include "core/flat_json.hpp"

namespace modax::simulation {
namespace {

void append_origin(std::string& out, std::string_view device_id, Timestamp time) {
    out += R"({"timestamp":")";
    append_iso8601(out, time);
    out += R"(","device_id":)";
    append_json_string(out, device_id);
}

void append_flag(std::string& out, std::string_view name, bool value) {
    out += ',';
    append_json_string(out, name);
    out += value ? ":true" : ":false";
}

}  // namespace

void append_reading_payload(
    std::string& out,
    std::string_view device_id,
    Timestamp time,
    std::optional<std::uint64_t> sequence,
    const std::vector<Metric>& members
) {
    append_origin(out, device_id, time);
    if (sequence) {
        out += ",\"seq\":";
        out += std::to_string(*sequence);
    }
    if (!members.empty()) {
        std::string object;
        append_metrics_json(object, members);
        out += ',';
        out.append(object, 1, object.size() - 2);  // without its braces
    }
    out += '}';
}

void append_safety_payload(
    std::string& out, std::string_view device_id, Timestamp time, const SafetyState& state
) {
    append_origin(out, device_id, time);
    append_flag(out, "emergency_stop", state.emergency_stop);
    append_flag(out, "door_closed", state.door_closed);
    append_flag(out, "overload_detected", state.overload_detected);
    append_flag(out, "temperature_ok", state.temperature_ok);
    out += '}';
}

}  // namespace modax::simulation
