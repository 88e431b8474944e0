#include "config/rules.hpp"

#include "core/shift.hpp"
#include "core/wear_limit.hpp"

namespace modax::config {
namespace {

class Rules {
public:
    explicit Rules(const Config& config) : config_{config} {}

    std::vector<Violation> check() {
        listeners();
        certificates();
        ports();
        websocket();
        ingest();
        landing();
        database();
        analysis();
        operations();
        uplink();
        return std::move(violations_);
    }

private:
    void require(bool condition, std::string key, std::string text, std::string because = {}) {
        if (condition) return;
        violations_.push_back({std::move(key), std::move(text), std::move(because)});
    }

    void listeners() {
        const auto& http = config_.http;
        require(
            !http.enabled || is_loopback(http.bind) || http.allow_plaintext_beyond_loopback,
            "http.bind",
            "'" + http.bind +
                "' is beyond loopback and [http] does not encrypt; turn on [https] and keep "
                "127.0.0.1 here, or set http.allow_plaintext_beyond_loopback = true"
        );
        const auto& mqtt = config_.mqtt;
        require(
            !mqtt.enabled || is_loopback(mqtt.bind) || mqtt.allow_plaintext_beyond_loopback,
            "mqtt.bind",
            "'" + mqtt.bind +
                "' is beyond loopback and [mqtt] does not encrypt; turn on [mqtts] and keep "
                "127.0.0.1 here, or set mqtt.allow_plaintext_beyond_loopback = true"
        );
        const auto& opcua = config_.opcua;
        require(
            !opcua.enabled || !opcua.allow_security_none || is_loopback(opcua.bind),
            "opcua.allow_security_none",
            "'" + opcua.bind +
                "' is beyond loopback, and without security anybody there could read everything; "
                "set this to false",
            "opcua.bind"
        );
        require(
            !opcua.enabled || opcua.stale_after <= opcua.lost_after,
            "opcua.lost_after",
            "a device can't be lost before its values are stale; make it opcua.stale_after or more",
            "opcua.stale_after"
        );
        require(
            http.enabled || config_.https.enabled,
            "http.enabled",
            "neither [http] nor [https] is on, so nobody could reach the gateway; turn one on"
        );
    }

    void certificates() {
        const auto& tls = config_.tls;
        const auto needs_certificate = [&](bool enabled, const std::string& name) {
            if (!enabled) return;
            const std::string section = '[' + name + ']';
            require(
                !tls.certificate_file.empty(),
                "tls.certificate_file",
                section + " is on and needs a certificate; name the PEM file here, or turn " +
                    section + " off",
                name + ".enabled"
            );
            require(
                !tls.key_file.empty(),
                "tls.key_file",
                section + " is on and needs the certificate's private key; name the PEM file here",
                name + ".enabled"
            );
        };
        needs_certificate(config_.https.enabled, "https");
        if (!config_.https.enabled) needs_certificate(config_.mqtts.enabled, "mqtts");
        require(
            !tls.require_client_certificate || !tls.client_ca_file.empty(),
            "tls.client_ca_file",
            "client certificates are required, but no authority is trusted; name the PEM file of "
            "the authorities here",
            "tls.require_client_certificate"
        );
        require(
            tls.client_crl_file.empty() || !tls.client_ca_file.empty(),
            "tls.client_ca_file",
            "a revocation list is of an authority; name the PEM file of the authorities here",
            "tls.client_crl_file"
        );
        require(
            !config_.https.require_client_certificate || config_.https.client_certificates,
            "https.client_certificates",
            "client certificates are required, so they must be checked; set this to true",
            "https.require_client_certificate"
        );
        require(
            !config_.https.client_certificates || !tls.client_ca_file.empty(),
            "tls.client_ca_file",
            "https.client_certificates needs authorities; name their PEM file here",
            "https.client_certificates"
        );
        require(
            !config_.mqtts.certificate_identity || !tls.client_ca_file.empty(),
            "tls.client_ca_file",
            "mqtts.certificate_identity needs client certificates; name the PEM file of the "
            "authorities here",
            "mqtts.certificate_identity"
        );
    }

    void ports() {
        struct Listener {
            std::string key;
            bool on;
            std::string_view bind;
            Port port;
        };
        const auto& mqtt = config_.mqtt;
        const auto& mqtts = config_.mqtts;
        const std::vector<Listener> listeners{
            {"http.port", config_.http.enabled, config_.http.bind, config_.http.port},
            {"https.port", config_.https.enabled, config_.https.bind, config_.https.port},
            {"mqtt.port", mqtt.enabled, mqtt.bind, mqtt.port},
            {"mqtt.ws_port", mqtt.enabled && mqtt.ws_enabled, mqtt.bind, mqtt.ws_port},
            {"opcua.port", config_.opcua.enabled, config_.opcua.bind, config_.opcua.port},
            {"mqtts.port", mqtts.enabled, mqtts.bind, mqtts.port},
            {"mqtts.ws_port", mqtts.enabled && mqtts.ws_enabled, mqtts.bind, mqtts.ws_port}};
        for (auto later = listeners.begin(); later != listeners.end(); ++later) {
            for (auto earlier = listeners.begin(); earlier != later; ++earlier) {
                const bool same = earlier->on && later->on && later->port != 0 &&
                                  earlier->port == later->port && earlier->bind == later->bind;
                require(
                    !same,
                    later->key,
                    "port " + std::to_string(later->port) + " is already that of " + earlier->key +
                        "; choose another one, or 0 for a free one",
                    earlier->key
                );
            }
        }
    }

    void websocket() {
        const auto& websocket = config_.websocket;
        require(
            websocket.soft_limit_bytes < websocket.hard_limit_bytes,
            "websocket.hard_limit_bytes",
            "must be above websocket.soft_limit_bytes; raise it, or lower the soft limit",
            "websocket.soft_limit_bytes"
        );
    }

    void ingest() {
        const std::string& prefix = config_.ingest.topic_prefix;
        require(
            !prefix.empty() && prefix.find_first_of("+#/$ ") == std::string::npos,
            "ingest.topic_prefix",
            "must be one topic level without '+', '#', '/', '$' and blanks; write for example "
            "\"modax\""
        );
        require(
            config_.ingest.max_payload <= config_.mqtt.max_packet_size,
            "ingest.max_payload",
            "a payload can't be larger than mqtt.max_packet_size; lower it, or raise that",
            "mqtt.max_packet_size"
        );
    }

    void landing() {
        require(
            config_.landing.alert_percent <= config_.landing.stop_percent,
            "landing.alert_percent",
            "the alert must come before the stop; give a percentage up to landing.stop_percent",
            "landing.stop_percent"
        );
    }

    void database() {
        const std::string_view url = config_.database.url;
        if (url.empty()) return;
        const auto scheme = url.find("://");
        const auto user =
            scheme == std::string_view::npos
                ? std::string_view{}
                : url.substr(scheme + 3, url.find_first_of("/?", scheme + 3) - scheme - 3);
        const auto at = user.rfind('@');
        const bool holds_password = (at != std::string_view::npos &&
                                     user.substr(0, at).find(':') != std::string_view::npos) ||
                                    url.find("password=") != std::string_view::npos;
        // Never shown: it may hold a password.
        require(
            url.starts_with("postgresql://") || url.starts_with("postgres://"),
            "database.url",
            "must be postgresql://USER@HOST:PORT/DATABASE"
        );
        require(
            !holds_password,
            "database.url",
            "holds a password, which logs and process lists would show; take it out and name where "
            "it is kept in database.password"
        );
    }

    void analysis() {
        for (const std::string& limit : config_.analysis.wear_limits) {
            const auto parsed = parse_wear_limit(limit);
            require(
                parsed.has_value(), "analysis.wear_limits", parsed ? "" : parsed.error().detail
            );
        }
    }

    void operations() {
        for (const std::string& shift : config_.operations.shifts) {
            const auto parsed = parse_shift(shift);
            require(parsed.has_value(), "operations.shifts", parsed ? "" : parsed.error().detail);
        }
    }

    void uplink() {
        const auto& uplink = config_.uplink;
        if (!uplink.enabled) return;
        require(
            !uplink.host.empty(),
            "uplink.host",
            "the uplink is on, but no broker is named; write its name or address here",
            "uplink.enabled"
        );
        require(
            !uplink.client_id.empty(),
            "uplink.client_id",
            "must not be empty, because the broker keeps messages by it while the gateway is away"
        );
        require(
            !uplink.topics.empty(),
            "uplink.topics",
            "the uplink is on, but subscribes to nothing; name at least one topic filter"
        );
        require(
            uplink.certificate_file.empty() == uplink.key_file.empty(),
            uplink.key_file.empty() ? "uplink.key_file" : "uplink.certificate_file",
            "a certificate needs its key and the other way round; name both files or none",
            uplink.key_file.empty() ? "uplink.certificate_file" : "uplink.key_file"
        );
        require(
            uplink.password.empty() || !uplink.user.empty(),
            "uplink.user",
            "there is a password, but no user; name the user here",
            "uplink.password"
        );
    }

    const Config& config_;
    std::vector<Violation> violations_;
};

}  // namespace

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address == "::1";
}

std::vector<Violation> check_rules(const Config& config) {
    return Rules{config}.check();
}

}  // namespace modax::config
