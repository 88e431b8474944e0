// Operations: their rules over the store, and who hears of what happens.
#include "app/gateway_parts.hpp"
#include "core/hex.hpp"
#include "security/digest.hpp"

namespace modax::app {
namespace {

std::string sha256(std::string_view text) {
    const security::Digest digest = security::Sha256{}.hash(text);
    return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// "order:4711" is told at "production/4711", and so on.
std::string topic_of(const std::string& object_key) {
    const auto colon = object_key.find(':');
    const std::string kind = object_key.substr(0, colon);
    const std::string id = object_key.substr(colon + 1);
    if (kind == "order") return "production/" + id;
    if (kind == "lot") return "quality/" + id;
    return "equipment/status/" + id;
}

}  // namespace

void BusinessNews::happened(const BusinessEvent& event) noexcept {
    try {
        tell_(event);
    } catch (const std::exception& failure) {
        log_.error(
            "operations", "an event could not be told", {{"what", std::string{failure.what()}}}
        );
    }
}

void Gateway::Parts::build_operations() {
    std::vector<Shift> shifts;
    for (const std::string& text : config.operations.shifts) {
        // Checked with the configuration.
        if (const auto shift = parse_shift(text)) shifts.push_back(*shift);
    }
    operations =
        std::make_unique<operations::Service>(*store, clock, random, sha256, std::move(shifts));
    news = std::make_unique<BusinessNews>(
        [this](const BusinessEvent& event) { tell_of_business(event); }, *log
    );
    store->tell_events_to(nullptr, {news.get()});
}

// On the thread that stored it; both take it from there.
void Gateway::Parts::tell_of_business(const BusinessEvent& event) {
    std::string json = R"({"type":")" + event.type + R"(","event_sequence":)" +
                       std::to_string(event.sequence) + ',' + event.body.substr(1);
    if (listener) {
        const auto topic = config.ingest.topic_prefix + '/' + topic_of(event.object_key);
        listener->publish(topic, json, 1, false);
    }
    if (opcua_server) opcua_server->happened(event);
    if (server) server->notify(event.type.substr(0, event.type.find('.')), std::move(json));
}

}  // namespace modax::app
