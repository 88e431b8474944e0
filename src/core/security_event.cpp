#include "core/security_event.hpp"

#include "core/flat_json.hpp"

namespace modax {

std::string security_event_json(const SecurityEvent& event) {
    std::string out = "{\"time\":\"";
    append_iso8601(out, event.time);
    out += "\",\"rule\":";
    append_json_string(out, event.rule);
    out += ",\"actor\":";
    append_json_string(out, event.actor);
    out += ",\"source\":";
    append_json_string(out, event.source);
    out += ",\"evidence\":";
    append_json_string(out, event.evidence);
    out += ",\"count\":" + std::to_string(event.count);
    return out + '}';
}

}  // namespace modax
