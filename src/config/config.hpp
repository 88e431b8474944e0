// The gateway's configuration as typed values. A default-constructed Config holds every default:
// the initialisers here are the one place where a default is written. What each key means, its
// range and how it is read is in the schema (schema.hpp); `modax config reference` prints it.
#pragma once

#include "core/log.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace modax::config {

using std::chrono::milliseconds;
using Port = std::uint16_t;  // 0: a free one
using Bytes = std::uint64_t;

inline constexpr Bytes k_kibibyte = 1024;
inline constexpr Bytes k_mebibyte = 1024 * k_kibibyte;

enum class Environment : std::uint8_t { development, production };
enum class LogFormat : std::uint8_t { text, json };
enum class UseTimescale : std::uint8_t { automatic, never };
enum class QuickCheck : std::uint8_t { automatic, always, never };

// Where a secret is kept, "env:NAME", "file:PATH" or "credential:NAME" (systemd); empty: there is
// none. See resolve_secret().
struct SecretReference {
    std::string text;
    bool empty() const { return text.empty(); }
    bool operator==(const SecretReference&) const = default;
};

struct LogConfig {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
};

struct HttpConfig {
    bool enabled = true;
    std::string bind = "127.0.0.1";
    Port port = 8080;
    unsigned threads = 2;
    unsigned max_connections = 1000;
    unsigned max_connections_per_address = 50;
    unsigned max_requests_per_key = 6'000'000;    // a minute; 0: no limit
    unsigned max_requests_per_address = 600'000;  // a minute; 0: no limit
    unsigned max_refused_keys_per_address = 300;  // a minute; 0: no limit
    bool allow_plaintext_beyond_loopback = false;
    std::vector<std::string> allowed_origins;
};

struct HttpsConfig {
    bool enabled = false;
    std::string bind = "0.0.0.0";
    Port port = 8443;
    bool client_certificates = false;
    bool require_client_certificate = false;
};

struct WebSocketConfig {
    Bytes soft_limit_bytes = 256 * k_kibibyte;
    Bytes hard_limit_bytes = 4 * k_mebibyte;
    unsigned max_clients = 1000;
};

struct MqttConfig {
    bool enabled = true;
    std::string bind = "127.0.0.1";
    Port port = 1883;
    bool ws_enabled = false;
    Port ws_port = 8083;
    bool allow_plaintext_beyond_loopback = false;
    bool allow_anonymous_on_loopback = false;
    unsigned max_connections = 1000;
    Bytes max_packet_size = 256 * k_kibibyte;
    unsigned max_topic_length = 256;  // bytes
    unsigned max_topic_levels = 8;
    unsigned max_subscriptions = 50;               // of one client
    unsigned max_publish_rate = 0;                 // messages a second of one client; 0: no limit
    unsigned max_refused_logins_per_address = 60;  // a minute; 0: no limit
    bool allow_top_level_wildcard = false;
    std::uint16_t receive_maximum = 1000;
    std::uint16_t max_inflight = 20;
    std::uint16_t topic_alias_maximum = 16;
    milliseconds max_session_expiry = std::chrono::days{7};
    unsigned max_queued_messages = 1000;  // of one session
    Bytes max_queued_bytes = 4 * k_mebibyte;
    unsigned max_retained_messages = 10'000;
    Bytes max_retained_bytes = 64 * k_mebibyte;
};

struct MqttsConfig {
    bool enabled = false;
    std::string bind = "0.0.0.0";
    Port port = 8883;
    bool ws_enabled = false;
    Port ws_port = 8884;
    bool certificate_identity = false;
};

struct TlsConfig {
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    std::filesystem::path client_ca_file;
    std::filesystem::path client_crl_file;
    bool require_client_certificate = false;
};

struct IngestConfig {
    std::string topic_prefix = "modax";
    bool auto_register = true;
    milliseconds future_tolerance = std::chrono::hours{24};
    Bytes max_payload = 64 * k_kibibyte;
    unsigned qos1_queue = 20'000;  // readings
    unsigned qos0_queue = 20'000;  // readings
};

struct LandingConfig {
    unsigned group_max_readings = 1000;
    milliseconds retention_age{0};  // 0: kept for ever
    Bytes retention_size = 0;       // 0: no limit
    Bytes disk_quota = 0;           // 0: the whole file system
    unsigned alert_percent = 80;
    unsigned stop_percent = 95;
    Bytes reserve_size = 4 * k_mebibyte;
    milliseconds replay_window = std::chrono::hours{24};
    QuickCheck quick_check = QuickCheck::automatic;
    unsigned reader_connections = 4;
};

struct RollupsConfig {
    milliseconds interval = std::chrono::seconds{10};
    milliseconds keep_minutes = std::chrono::days{30};
    milliseconds keep_hours = std::chrono::days{1825};
    milliseconds keep_days{0};  // 0: for ever
};

struct DatabaseConfig {
    std::string url;  // empty: no plant store
    SecretReference password;
    std::filesystem::path ca_file;
    milliseconds connect_timeout = std::chrono::seconds{5};
    milliseconds statement_timeout = std::chrono::seconds{30};
    std::vector<std::string> metric_columns;  // store/metric_columns.hpp
    UseTimescale timescaledb = UseTimescale::automatic;
    milliseconds retention_age{0};  // 0: kept for ever
    std::size_t batch = 10'000;
    milliseconds interval{250};
};

struct AnalysisConfig {
    bool enabled = true;
    unsigned queue = 20'000;  // readings
    milliseconds report_interval = std::chrono::seconds{10};
    milliseconds store_interval = std::chrono::minutes{1};
    milliseconds retention = std::chrono::days{90};  // 0: for ever
    milliseconds on_delay{0};
    milliseconds off_delay = std::chrono::seconds{10};
    bool latch = false;
    unsigned alarms_per_hour = 12;         // of a device
    std::vector<std::string> wear_limits;  // core/wear_limit.hpp
};

struct AuditConfig {
    milliseconds retention{0};  // 0: for ever
    std::filesystem::path archive_directory;
    std::filesystem::path checkpoint_file;  // empty: "audit-checkpoints" in the data directory
};

struct OperationsConfig {
    std::vector<std::string> shifts;  // core/shift.hpp; empty: always
};

struct OpcuaConfig {
    bool enabled = true;
    std::string bind = "127.0.0.1";
    Port port = 4840;
    std::string host;  // empty: the machine's name
    bool allow_security_none = false;
    unsigned max_sessions = 100;
    unsigned max_subscriptions = 500;
    unsigned max_monitored_items = 100'000;
    milliseconds stale_after = std::chrono::seconds{30};
    milliseconds lost_after = std::chrono::minutes{5};
};

struct ConnectorsConfig {
    std::filesystem::path directory;  // empty: no connectors
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> allowed_networks;
};

struct UplinkConfig {
    bool enabled = false;
    std::string host;
    Port port = 8883;
    bool tls = true;
    std::filesystem::path ca_file;
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    std::string user;
    SecretReference password;
    std::string client_id = "modax-gateway";
    std::vector<std::string> topics{"modax/sensor/data/#", "modax/sensor/safety/#"};
    std::string share_group;  // empty: no shared subscription
    milliseconds keep_alive = std::chrono::seconds{30};
    milliseconds session_expiry = std::chrono::days{7};
};

struct Config {
    Environment environment = Environment::development;
    std::filesystem::path data_dir = "modax-data";
    bool allow_core_dumps = false;
    LogConfig log;
    HttpConfig http;
    HttpsConfig https;
    WebSocketConfig websocket;
    MqttConfig mqtt;
    MqttsConfig mqtts;
    TlsConfig tls;
    IngestConfig ingest;
    LandingConfig landing;
    RollupsConfig rollups;
    DatabaseConfig database;
    AnalysisConfig analysis;
    AuditConfig audit;
    OperationsConfig operations;
    OpcuaConfig opcua;
    UplinkConfig uplink;
    ConnectorsConfig connectors;
};

}  // namespace modax::config
