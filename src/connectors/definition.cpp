#include "connectors/definition.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace modax::connectors {
namespace {

// Fields for references of other systems are short: SAP's MaintNotifExtReferenceNumber has 20.
constexpr std::size_t k_reference_digits = 20;

}  // namespace

bool wants(const Definition& definition, std::string_view event_type) {
    return std::any_of(
        definition.events.begin(),
        definition.events.end(),
        [event_type](std::string_view pattern) {
            if (!pattern.ends_with('*')) return pattern == event_type;
            pattern.remove_suffix(1);
            return event_type.starts_with(pattern);
        }
    );
}

std::string uuid_of(std::string_view id) {
    if (id.size() != 32) return std::string{id};
    std::string text{id};
    for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
    return text;
}

std::string filled_in(std::string_view text, const BusinessEvent& event) {
    std::string filled{text};
    const auto replace = [&filled](std::string_view name, const std::string& value) {
        for (auto at = filled.find(name); at != std::string::npos; at = filled.find(name, at)) {
            filled.replace(at, name.size(), value);
            at += value.size();
        }
    };
    replace("{id}", event.id);
    replace("{uuid}", uuid_of(event.id));
    replace("{reference}", event.id.substr(0, k_reference_digits));
    return filled;
}

std::string mapping_input(const BusinessEvent& event, std::string_view settings) {
    nlohmann::json input;
    input["event"] = {
        {"id", event.id},
        {"uuid", uuid_of(event.id)},
        {"type", event.type},
        {"object_key", event.object_key},
        {"device_id", event.device_id},
        {"time", format_iso8601(event.time)},
        {"sequence", event.sequence}};
    input["settings"] = nlohmann::json::parse(settings, nullptr, false);
    input["body"] = nlohmann::json::parse(event.body, nullptr, false);
    return input.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace modax::connectors
