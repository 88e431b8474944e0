// What a gateway does between signals.
#include "app/database.hpp"
#include "app/gateway_parts.hpp"
#include "config/rules.hpp"

namespace modax::app {
namespace {

constexpr std::chrono::seconds k_certificate_interval{5};
constexpr std::chrono::seconds k_key_interval{10};
constexpr std::chrono::minutes k_profile_interval{1};

}  // namespace

Status Gateway::Parts::look_after_plant_store() {
    if (config.database.url.empty()) return {};
    auto target = database_target(config);
    if (!target) return tl::make_unexpected(target.error());
    store::UpkeepOptions options;
    options.interval = config.rollups.interval;
    options.keep_readings = config.database.retention_age;
    options.keep_minutes = config.rollups.keep_minutes;
    options.keep_hours = config.rollups.keep_hours;
    options.keep_days = config.rollups.keep_days;
    plant_upkeep = std::make_unique<store::Upkeep>(std::move(*target), options, clock, *log);
    return {};
}

Status Gateway::Parts::reload_certificates() {
    if (listener) {
        if (auto loaded = listener->reload_certificates(); !loaded) return loaded;
    }
    return server->reload_certificates();
}

void Gateway::Parts::reload_identity() {
    const auto version = store->identity_version();
    if (!version || *version == identity_version) return;
    Status loaded = keys->load();
    if (loaded) loaded = users->load();
    if (!loaded) {
        log->error("security", "keys and users can't be read", {{"reason", loaded.error().detail}});
        return;
    }
    identity_version = *version;
    if (listener) listener->recheck_clients();
    if (opcua_server) opcua_server->recheck_sessions();
}

void Gateway::Parts::look_after_keys() {
    if (auto noted = keys->note_uses(); !noted) {
        log->warn("security", "can't note when keys were used", {{"reason", noted.error().detail}});
    }
    for (const auto& [key, step] : keys->newly_expiring()) {
        log->warn(
            "security",
            "an API key ends soon: rotate it with `modax key rotate`",
            {{"id", key.id}, {"name", key.name}, {"ends", format_iso8601(*key.expires)}}
        );
        tell_of_security(
            {clock.now(),
             "key_expiring",
             "key:" + key.id,
             {},
             "the key " + key.name + " ends at " + format_iso8601(*key.expires) + ", within " +
                 std::to_string(step.count()) + " days",
             1}
        );
    }
}

// Any thread; both take it from there.
void Gateway::Parts::tell_of_security(const SecurityEvent& event) {
    const auto json = security_event_json(event);
    if (listener)
        listener->publish(config.ingest.topic_prefix + "/system/security", json, 1, false);
    if (server) server->notify("security", json);
}

void Gateway::Parts::save_access_profiles() {
    if (auto saved = unusual_access->save(); !saved) {
        log->warn("security", "can't note what is usual", {{"reason", saved.error().detail}});
    }
}

// What runs all the same is not worth more than a line.
void Gateway::Parts::told(const Status& service_manager_told) {
    if (!service_manager_told) log->warn("gateway", service_manager_told.error().detail);
}

void Gateway::Parts::upkeep() {
    // The thread that takes readings must answer as well, or systemd starts the gateway anew.
    if (service_manager.patience()) mqtt_thread->run_and_wait([] {});
    told(service_manager.alive());
    reload_identity();
    unusual_access->look();
    const auto now = clock.steady_now();
    if (now >= next_profile_save) {
        next_profile_save = now + k_profile_interval;
        save_access_profiles();
    }
    if (now >= next_certificate_look) {
        next_certificate_look = now + k_certificate_interval;
        certificates->look([this] { return reload_certificates(); });
    }
    if (now >= next_key_look) {
        next_key_look = now + k_key_interval;
        look_after_keys();
        make_checkpoint(&security::Checkpoints::look);
        if (auto cut = audit_retention->look(); !cut) {
            log->error("audit", "old rows can't be cut", {{"reason", cut.error().detail}});
        }
    }
    if (now >= next_plaintext_warning) {
        next_plaintext_warning = now + std::chrono::hours{1};
        warn_of_plaintext();
    }
}

void Gateway::Parts::make_checkpoint(Status (security::Checkpoints::*how)()) {
    if (auto made = ((*checkpoints).*how)(); !made) {
        log->error("audit", "a checkpoint can't be published", {{"reason", made.error().detail}});
    }
}

void Gateway::Parts::warn_of_plaintext() {
    const auto warn_of = [this](bool plain, std::string_view listener_name, std::string_view key) {
        if (!plain) return;
        log->warn(
            "gateway",
            std::string{listener_name} + " is not encrypted beyond this machine; use TLS instead",
            {{"setting", std::string{key}}}
        );
    };
    const auto beyond = [](const std::string& bind) { return !config::is_loopback(bind); };
    warn_of(
        config.http.enabled && beyond(config.http.bind),
        "HTTP",
        "http.allow_plaintext_beyond_loopback"
    );
    warn_of(
        config.mqtt.enabled && beyond(config.mqtt.bind),
        "MQTT",
        "mqtt.allow_plaintext_beyond_loopback"
    );
}

}  // namespace modax::app
