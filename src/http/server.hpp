// The gateway's HTTP side: REST, WebSocket, /health, /ready and /metrics, plain and over TLS. Owns
// its I/O threads and a small pool of worker threads that wait for the store. Owned by app.
#pragma once

#include "core/accounting.hpp"
#include "core/analysis_desk.hpp"
#include "core/clock.hpp"
#include "core/export.hpp"
#include "core/health.hpp"
#include "core/identity.hpp"
#include "core/landing.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/opcua.hpp"
#include "core/principal.hpp"
#include "core/random.hpp"
#include "core/result.hpp"
#include "core/rollup.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {
class ConnectorList;
class Operations;
class OutboxStore;
class StatisticsContributor;
}  // namespace modax

namespace modax::live {
class Hub;
}

namespace modax::http {

struct Address {
    std::string bind = "127.0.0.1";  // an IP address
    std::uint16_t port = 0;          // 0: a free one
};

// Requests in a minute; 0: no limit. Loopback has no limit per address, because a proxy may sit
// there.
struct RateLimitOptions {
    std::uint64_t per_key = 6'000'000;
    std::uint64_t per_address = 600'000;
    // Refused keys of one address, after which it gets 429 without a look at the key.
    std::uint64_t refusals_per_address = 300;
};

struct WebSocketOptions {
    // Bytes that wait for one client. Above the soft limit only the newest event of each device is
    // kept and the client is told of the gap; a client that takes nothing while events of
    // hard_limit_bytes pass is closed with 4008.
    std::size_t soft_limit_bytes = 256 * 1024;
    std::size_t hard_limit_bytes = 4 * 1024 * 1024;
    std::size_t max_clients = 1000;
    std::chrono::milliseconds ping_interval = std::chrono::seconds{30};
    std::chrono::milliseconds idle_timeout =
        std::chrono::seconds{75};  // nothing heard, not even pongs
    std::chrono::milliseconds key_check_interval{500};
    // Replayed from the store in steps of so many events.
    std::size_t replay_step = 1000;
};

struct ServerOptions {
    std::optional<Address> plain = Address{};
    std::optional<Address> tls;
    std::filesystem::path certificate_file;  // PEM chain; for tls
    std::filesystem::path key_file;          // PEM
    // Authorities (PEM) whose client certificates are checked; empty: clients are not asked for
    // one.
    std::filesystem::path client_ca_file;
    // What those have revoked (PEM); also served at /pki/ca.crl. Empty: nothing is.
    std::filesystem::path client_crl_file;
    bool require_client_certificate = false;
    unsigned threads = 0;              // I/O threads; 0: one on two cores or less, else two
    unsigned workers = 2;              // threads that wait for the store
    std::size_t max_queued_work = 64;  // requests that wait for a worker; more: 503
    std::size_t max_connections = 1000;
    std::size_t max_connections_per_address = 50;
    // The same for 127.0.0.0/8 and ::1, where a proxy may sit; 0: no limit.
    std::size_t max_connections_per_loopback_address = 0;
    std::chrono::milliseconds header_timeout = std::chrono::seconds{10};
    std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
    // Exact origins ("https://plant.example.com") of browsers that may open a WebSocket besides
    // the gateway's own pages.
    std::vector<std::string> allowed_origins;
    WebSocketOptions websocket;
    RateLimitOptions rate_limits;
    // Bytes the kernel buffers for sending on a connection; 0: as the system does.
    int send_buffer_bytes = 0;
};

// What the server asks; everything must outlive it.
struct Dependencies {
    const KeyAuthenticator& keys;
    KeyAdministration& key_administration;
    UserAdministration& user_administration;
    const AuditStore& audit;
    AuditTrail& audit_trail;
    const ReadingReader& readings;
    live::Hub& hub;
    const DeviceRegistry& devices;
    const Accounting& accounting;
    // The text of /metrics in the Prometheus format 0.0.4; called on an I/O thread.
    std::function<std::string()> metrics_text;
    std::vector<const HealthSource*> health;
    const Clock& clock;
    Random& random;
    Log& log;
    std::string version;  // of the gateway
    const RollupReader& rollups;
    const Exporter& exporter;
    const StatisticsContributor* statistics = nullptr;  // none: its members are null
    AnalysisDesk* analysis = nullptr;                   // none, and no analyses: it is off
    const AnalysisStore* analyses = nullptr;
    Operations* operations = nullptr;           // none: its routes answer 503
    OpcUaAdministration* opcua = nullptr;       // none: its routes answer 404
    OutboxStore* outbox = nullptr;              // the same
    const ConnectorList* connectors = nullptr;  // none: an empty list
};

// The ports that were taken; nullopt: not listening there.
struct Endpoints {
    std::optional<Address> plain;
    std::optional<Address> tls;
};

// Thread-safe.
class Server final : public MetricSource {
public:
    Server(ServerOptions options, Dependencies dependencies);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    // Stops.
    ~Server() override;

    // Errors: invalid_argument (an address, the certificate or the key), io_error (the port is
    // taken). Only once.
    Result<Endpoints> start();
    // Reads certificate, key and authorities again, for connections from now on. Errors:
    // invalid_argument, naming the file; what was in use stays.
    Status reload_certificates();
    // To the WebSocket clients that asked for this kind (live_notice.hpp) and, when it is of a
    // device, may see that. Once start() has returned, on any thread.
    void notify(std::string_view kind, std::string json, const Device* device = nullptr);
    // Takes no more connections, tells WebSocket clients (1001), lets answers under way finish for
    // up to two seconds and ends all threads. Harmless when not running.
    void stop();

    // modax_http_…: requests by route and class, connections; modax_websocket_…: clients, frames,
    // conflated, slow clients closed.
    void collect(MetricSink& sink) const override;

private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace modax::http
