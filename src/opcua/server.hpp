// The OPC UA server: live values of every device for SCADA systems, read-only. Built on open62541
// (docs/adr/0015). Source: OPC 10000 (Parts 3 to 8). Owned by app; two threads of its own: one runs
// the sockets and the services, one brings values in.
#pragma once

#include "core/analysis_desk.hpp"
#include "core/analysis_sink.hpp"
#include "core/audit.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "core/file_system.hpp"
#include "core/health.hpp"
#include "core/landing.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/opcua.hpp"
#include "core/operations.hpp"
#include "core/rollup.hpp"
#include "core/session_identity.hpp"
#include "live/hub.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace modax::opcua {

struct ServerOptions {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 4840;     // 0: a free one
    std::string host;              // for the certificate; empty: bind, or the machine's name
    std::filesystem::path folder;  // of certificates
    bool allow_security_none = false;
    unsigned max_sessions = 100;
    unsigned max_subscriptions = 500;
    unsigned max_monitored_items = 100'000;
    std::chrono::milliseconds stale_after = std::chrono::seconds{30};
    std::chrono::milliseconds lost_after = std::chrono::minutes{5};
};

// Thread-safe.
class Server final : public AnalysisSink,
                     public BusinessEventSink,
                     public OpcUaAdministration,
                     public MetricSource,
                     public HealthSource {
public:
    // All must outlive the server.
    struct Parts {
        SessionAuthenticator& users;
        AuditTrail& trail;
        live::Hub& hub;
        const ReadingReader& readings;
        const DeviceRegistry& devices;
        FileSystem& files;
        const Clock& clock;
        Log& log;
        const RollupReader& rollups;
        AnalysisDesk* desk = nullptr;  // nullptr: the analysis is off
        // Parts whose trouble is an alarm.
        std::vector<const HealthSource*> health{};
        const OperationsStore* operations = nullptr;  // nullptr: no production orders
    };
    Server(ServerOptions options, Parts parts);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() override;

    // Makes what is missing (folders, certificate), listens, and returns the port. Errors: io_error
    // (the port is taken), data_loss.
    Result<std::uint16_t> start();
    void stop();
    // Users or roles have changed.
    void recheck_sessions();

    // AnalysisSink
    void analysed(const Analysis& analysis) noexcept override;

    // BusinessEventSink: orders that have changed
    void happened(const BusinessEvent& event) noexcept override;

    // OpcUaAdministration
    Result<std::vector<OpcUaCertificate>> certificates() const override;
    Result<OpcUaCertificate> trust(std::string_view thumbprint, const AuditEntry& origin) override;
    Result<OpcUaCertificate> untrust(std::string_view thumbprint, const AuditEntry& origin)
        override;
    std::vector<OpcUaSession> sessions() const override;

    // modax_opcua_*
    void collect(MetricSink& sink) const override;
    Health health() const override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace modax::opcua
