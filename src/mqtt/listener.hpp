// The gateway's own MQTT server (3.1.1 and 5) over TCP, TLS and WebSocket. Messages on the ingest
// topics are acknowledged when they are stored (PROMISES P1); subscribers get them from the Hub, as
// stored. Everything else is routed as by any broker. Owned by app; all its work happens on the one
// thread that runs the io_context.
#pragma once

#include "core/audit.hpp"
#include "core/broker_state.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "core/health.hpp"
#include "core/landing.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/principal.hpp"
#include "core/random.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}
namespace modax::ingest {
class Intake;
}
namespace modax::live {
class Hub;
}

namespace modax::mqtt {

struct ListenAddress {
    std::string bind = "127.0.0.1";  // an IP address
    std::uint16_t port = 0;          // 0: a free one
};

struct ListenerOptions {
    std::optional<ListenAddress> tcp;
    std::optional<ListenAddress> tls;
    std::optional<ListenAddress> websocket;
    std::optional<ListenAddress> secure_websocket;
    std::filesystem::path certificate_file;  // PEM chain; for tls and secure_websocket
    std::filesystem::path key_file;          // PEM
    std::filesystem::path client_ca_file;    // empty: client certificates are not asked for
    std::filesystem::path client_crl_file;   // what those have revoked; empty: nothing
    bool require_client_certificate = false;

    std::string topic_prefix = "modax";
    std::string version;  // of the gateway, for the status topic
    std::size_t max_connections = 1000;
    std::size_t max_packet_size = 256 * 1024;
    std::size_t max_topic_length = 256;  // bytes
    std::size_t max_topic_levels = 8;
    std::size_t max_subscriptions = 50;  // of one client
    bool allow_top_level_wildcard = false;
    std::uint16_t receive_maximum = 1000;  // unacknowledged QoS 1 and 2 from one client
    std::uint16_t max_inflight = 20;       // to a 3.1.1 client
    std::uint16_t topic_alias_maximum = 16;
    std::chrono::seconds max_session_expiry = std::chrono::hours{7 * 24};
    std::size_t max_queued_messages = 1000;  // of one session
    std::size_t max_queued_bytes = 4 * 1024 * 1024;
    std::size_t max_retained_messages = 10'000;
    std::size_t max_retained_bytes = 64 * 1024 * 1024;
    std::size_t max_unsent_bytes = 1024 * 1024;  // of one connection; above it QoS 0 is dropped
    // Messages a second of one client; 0: no limit. Above it version 5 clients get Quota exceeded
    // (0x97), 3.1.1 clients are read more slowly; at QoS 0 the message is dropped.
    unsigned max_publish_rate = 0;
    // Wrong logins of one address in a minute, after which it is refused without a look at the
    // password; 0: no limit.
    unsigned max_refused_logins_per_address = 60;
    std::chrono::seconds connect_timeout{10};  // from accept to CONNECT
    std::uint16_t max_keep_alive = 0;          // seconds; 0: what the client asks for
    // How often time limits, expiries and delayed wills are looked at.
    std::chrono::milliseconds tick{1000};
};

// Ports in use, where the listener is on.
struct ListenerPorts {
    std::optional<std::uint16_t> tcp;
    std::optional<std::uint16_t> tls;
    std::optional<std::uint16_t> websocket;
    std::optional<std::uint16_t> secure_websocket;
};

// What the listener works with; everything must outlive it.
struct ListenerParts {
    boost::asio::io_context& io;
    ingest::Intake& intake;  // used on the io_context's thread only
    live::Hub& hub;
    const DeviceRegistry& devices;
    MqttAuthenticator& authenticator;
    AuditTrail& audit;
    const Clock& clock;
    Random& random;
    Log& log;
};

class Listener final : public AckSink, public MetricSource, public HealthSource {
public:
    // `state` is what the store remembers of sessions and retained messages.
    Listener(ListenerOptions options, ListenerParts parts, BrokerState state);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    // The io_context must not run any more.
    ~Listener() override;

    // Opens the ports; call it before the io_context runs. Errors: io_error (a port is taken),
    // invalid_argument (a certificate can't be read).
    Result<ListenerPorts> start();
    // Says good-bye to every client; sessions are kept. On the io_context's thread.
    void stop();

    // Reads certificate, key and authorities again, for connections from now on. Any thread.
    // Errors: invalid_argument, naming the file; what was in use stays.
    Status reload_certificates();

    // Users or roles have changed: ends the sessions of those who may not stay. Any thread.
    void recheck_clients();

    // Publishes a message of the gateway itself. Any thread.
    void publish(std::string topic, std::string payload, std::uint8_t qos, bool retain);

    void committed(std::span<const AckToken> tokens) noexcept override;  // any thread
    void collect(MetricSink& sink) const override;                       // any thread
    Health health() const override;                                      // any thread

private:
    class Implementation;
    std::shared_ptr<Implementation> implementation_;
};

}  // namespace modax::mqtt
