#include "app/options.hpp"

#include "config/load.hpp"
#include "core/version.hpp"

namespace modax::app {
namespace {

std::chrono::seconds seconds(std::chrono::milliseconds duration) {
    return std::chrono::ceil<std::chrono::seconds>(duration);
}

}  // namespace

telemetry::LogOptions log_options(const config::Config& config) {
    using Format = telemetry::LogOptions::Format;
    const bool json = config.log.format == config::LogFormat::json;
    return {config.log.level, json ? Format::json : Format::text};
}

landing::StoreOptions store_options(const config::Config& config) {
    landing::StoreOptions options;
    options.data_dir = config.data_dir;
    options.reader_connections = config.landing.reader_connections;
    switch (config.landing.quick_check) {
        case config::QuickCheck::automatic:
            options.quick_check = landing::QuickCheck::automatic;
            break;
        case config::QuickCheck::always:
            options.quick_check = landing::QuickCheck::always;
            break;
        case config::QuickCheck::never:
            options.quick_check = landing::QuickCheck::never;
            break;
    }
    return options;
}

landing::WriterOptions writer_options(const config::Config& config) {
    landing::WriterOptions options;
    options.group_max_readings = config.landing.group_max_readings;
    options.acknowledged_capacity = config.ingest.qos1_queue;
    options.fire_and_forget_capacity = config.ingest.qos0_queue;
    options.retention_age = config.landing.retention_age;
    options.retention_bytes = config.landing.retention_size;
    options.disk_quota_bytes = config.landing.disk_quota;
    options.alert_percent = config.landing.alert_percent;
    options.stop_percent = config.landing.stop_percent;
    options.reserve_bytes = config.landing.reserve_size;
    options.replay_window = config.landing.replay_window;
    return options;
}

AnalysisEngineOptions analysis_options(const config::Config& config) {
    AnalysisEngineOptions options;
    options.queue = config.analysis.queue;
    options.report_interval = config.analysis.report_interval;
    options.store_interval = config.analysis.store_interval;
    options.retention = config.analysis.retention;
    options.model.alarm = {
        config.analysis.on_delay,
        config.analysis.off_delay,
        config.analysis.latch,
        config.analysis.alarms_per_hour};
    for (const std::string& text : config.analysis.wear_limits) {
        // Checked when the configuration was loaded.
        if (const auto limit = parse_wear_limit(text)) options.model.wear_limits.push_back(*limit);
    }
    return options;
}

landing::RollupOptions rollup_options(const config::Config& config) {
    landing::RollupOptions options;
    options.interval = config.rollups.interval;
    options.keep = {
        config.rollups.keep_minutes, config.rollups.keep_hours, config.rollups.keep_days};
    return options;
}

ingest::IntakeOptions intake_options(const config::Config& config) {
    ingest::IntakeOptions options;
    options.topic_prefix = config.ingest.topic_prefix;
    options.auto_register = config.ingest.auto_register;
    options.future_tolerance = config.ingest.future_tolerance;
    options.max_payload = config.ingest.max_payload;
    return options;
}

mqtt::ListenerOptions listener_options(const config::Config& config) {
    mqtt::ListenerOptions options;
    const config::MqttConfig& plain = config.mqtt;
    const config::MqttsConfig& tls = config.mqtts;
    if (plain.enabled) options.tcp = mqtt::ListenAddress{plain.bind, plain.port};
    if (plain.enabled && plain.ws_enabled) {
        options.websocket = mqtt::ListenAddress{plain.bind, plain.ws_port};
    }
    if (tls.enabled) options.tls = mqtt::ListenAddress{tls.bind, tls.port};
    if (tls.enabled && tls.ws_enabled) {
        options.secure_websocket = mqtt::ListenAddress{tls.bind, tls.ws_port};
    }
    options.certificate_file = config.tls.certificate_file;
    options.key_file = config.tls.key_file;
    options.client_ca_file = config.tls.client_ca_file;
    options.client_crl_file = config.tls.client_crl_file;
    options.require_client_certificate = config.tls.require_client_certificate;
    options.topic_prefix = config.ingest.topic_prefix;
    options.version = k_version;
    options.max_connections = plain.max_connections;
    options.max_packet_size = plain.max_packet_size;
    options.max_topic_length = plain.max_topic_length;
    options.max_topic_levels = plain.max_topic_levels;
    options.max_subscriptions = plain.max_subscriptions;
    options.max_publish_rate = plain.max_publish_rate;
    options.max_refused_logins_per_address = plain.max_refused_logins_per_address;
    options.allow_top_level_wildcard = plain.allow_top_level_wildcard;
    options.receive_maximum = plain.receive_maximum;
    options.max_inflight = plain.max_inflight;
    options.topic_alias_maximum = plain.topic_alias_maximum;
    options.max_session_expiry = seconds(plain.max_session_expiry);
    options.max_queued_messages = plain.max_queued_messages;
    options.max_queued_bytes = plain.max_queued_bytes;
    options.max_retained_messages = plain.max_retained_messages;
    options.max_retained_bytes = plain.max_retained_bytes;
    return options;
}

std::filesystem::path opcua_folder(const config::Config& config) {
    return config.data_dir / "opcua";
}

opcua::ServerOptions opcua_options(const config::Config& config) {
    opcua::ServerOptions options;
    options.bind = config.opcua.bind;
    options.port = config.opcua.port;
    options.host = config.opcua.host;
    options.folder = opcua_folder(config);
    options.allow_security_none = config.opcua.allow_security_none;
    options.max_sessions = config.opcua.max_sessions;
    options.max_subscriptions = config.opcua.max_subscriptions;
    options.max_monitored_items = config.opcua.max_monitored_items;
    options.stale_after = config.opcua.stale_after;
    options.lost_after = config.opcua.lost_after;
    return options;
}

http::ServerOptions server_options(const config::Config& config) {
    http::ServerOptions options;
    options.plain.reset();
    if (config.http.enabled) options.plain = http::Address{config.http.bind, config.http.port};
    if (config.https.enabled) options.tls = http::Address{config.https.bind, config.https.port};
    options.certificate_file = config.tls.certificate_file;
    options.key_file = config.tls.key_file;
    options.client_ca_file =
        config.https.client_certificates ? config.tls.client_ca_file : std::filesystem::path{};
    options.client_crl_file = config.tls.client_crl_file;
    options.require_client_certificate = config.https.require_client_certificate;
    options.threads = config.http.threads;
    options.max_connections = config.http.max_connections;
    options.max_connections_per_address = config.http.max_connections_per_address;
    options.rate_limits.per_key = config.http.max_requests_per_key;
    options.rate_limits.per_address = config.http.max_requests_per_address;
    options.rate_limits.refusals_per_address = config.http.max_refused_keys_per_address;
    options.allowed_origins = config.http.allowed_origins;
    options.websocket.soft_limit_bytes = config.websocket.soft_limit_bytes;
    options.websocket.hard_limit_bytes = config.websocket.hard_limit_bytes;
    options.websocket.max_clients = config.websocket.max_clients;
    return options;
}

security::AuditRetentionOptions audit_retention_options(const config::Config& config) {
    return {seconds(config.audit.retention), config.audit.archive_directory};
}

security::UsersOptions users_options(const config::Config& config) {
    security::UsersOptions options;
    options.allow_anonymous_on_loopback = config.mqtt.allow_anonymous_on_loopback;
    options.certificate_identity = config.mqtts.certificate_identity;
    options.topic_prefix = config.ingest.topic_prefix;
    return options;
}

Result<mqtt::UplinkOptions> uplink_options(const config::Config& config, const FileSystem& files) {
    const config::UplinkConfig& uplink = config.uplink;
    auto password = config::resolve_secret(uplink.password, config::process_environment(), files);
    if (!password) return tl::make_unexpected(password.error());
    mqtt::UplinkOptions options;
    options.host = uplink.host;
    options.port = uplink.port;
    options.tls = uplink.tls;
    options.ca_file = uplink.ca_file;
    options.certificate_file = uplink.certificate_file;
    options.key_file = uplink.key_file;
    options.user = uplink.user;
    options.password = std::move(*password);
    options.client_id = uplink.client_id;
    options.topics = uplink.topics;
    options.share_group = uplink.share_group;
    options.keep_alive = seconds(uplink.keep_alive);
    options.session_expiry = seconds(uplink.session_expiry);
    options.receive_maximum = config.mqtt.receive_maximum;
    return options;
}

std::filesystem::path checkpoint_file_of(const config::Config& config) {
    if (!config.audit.checkpoint_file.empty()) return config.audit.checkpoint_file;
    return config.data_dir / "audit-checkpoints";
}

std::string_view key_environment(const config::Config& config) {
    return config.environment == config::Environment::production ? "prod" : "dev";
}

}  // namespace modax::app
