// What a gateway is made of. Its behaviours are in gateway_build.cpp (start), gateway_upkeep.cpp
// (between signals) and gateway.cpp (stop, and the loop).
#pragma once

#include "app/analysis_engine.hpp"
#include "app/business_news.hpp"
#include "app/certificate_watch.hpp"
#include "app/deliveries.hpp"
#include "app/gateway.hpp"
#include "app/io_thread.hpp"
#include "app/options.hpp"
#include "app/service_manager.hpp"
#include "config/load.hpp"
#include "core/accounting.hpp"
#include "core/version.hpp"
#include "exporter/table_exporter.hpp"
#include "landing/rollups.hpp"
#include "landing/spool.hpp"
#include "live/hub.hpp"
#include "opcua/server.hpp"
#include "operations/service.hpp"
#include "security/api_keys.hpp"
#include "security/audit_checkpoints.hpp"
#include "security/audit_retention.hpp"
#include "security/audit_seal.hpp"
#include "security/audit_trail.hpp"
#include "security/unusual_access.hpp"
#include "store/forwarder.hpp"
#include "store/plant_writer.hpp"
#include "store/upkeep.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/process_metrics.hpp"

#include <csignal>
#include <optional>

namespace modax::app {

// Every thread inherits the mask, so only sigwait() in run() gets these.
sigset_t block_signals();

// In the order in which they are built; destroyed in the reverse one.
struct Gateway::Parts {
    // Tells MQTT and WebSocket clients of each analysis.
    class Announcer final : public AnalysisSink {
    public:
        explicit Announcer(Parts& parts) : parts_{parts} {}
        void analysed(const Analysis& analysis) noexcept override;

    private:
        Parts& parts_;
    };

    explicit Parts(const config::Config& with) : config{with} {}

    Status build();
    Status open_store();
    Status open_spool();
    void start_forwarder();
    void build_analysis();
    Status start_analysis();
    Status build_mqtt();
    void build_operations();
    Status build_opcua();
    Status build_delivery();
    // The parts that are built by now and can be in trouble.
    std::vector<const HealthSource*> health_sources() const;
    Status build_http();
    void register_metrics();
    Status announce();
    void stop();
    // Between signals, every few seconds.
    void upkeep();
    Status reload_certificates();
    Status look_after_plant_store();
    void reload_identity();
    void look_after_keys();
    void tell_of_security(const SecurityEvent& event);
    void tell_of_business(const BusinessEvent& event);
    void save_access_profiles();
    void warn_of_plaintext();
    void told(const Status& service_manager_told);
    void make_checkpoint(Status (security::Checkpoints::*how)());

    const config::Config config;
    sigset_t signals = block_signals();

    // What everything else asks: time, randomness, files, the log.
    SystemClock clock;
    SystemRandom random;
    PosixFileSystem files;
    std::unique_ptr<Log> log = telemetry::make_log(log_options(config));
    ServiceManager service_manager{config::process_environment(), clock};

    // The figures: the accounting identity and everyone's metrics.
    Accounting accounting;
    telemetry::ProcessMetrics process_metrics{std::string{k_version}};
    telemetry::Metrics metrics;

    // The devices, as the store knows them, and the store itself.
    DeviceRegistry devices;
    std::unique_ptr<landing::Store> store;

    // Who may come in.
    std::unique_ptr<security::ApiKeys> keys;
    std::unique_ptr<security::Users> users;
    std::optional<security::ChainSeal> seal;
    std::optional<security::CheckpointSigner> signer;
    std::optional<security::Checkpoints> checkpoints;
    std::optional<security::AuditRetention> audit_retention;
    std::unique_ptr<security::Trail> trail;
    std::unique_ptr<security::UnusualAccess> unusual_access;
    std::int64_t identity_version = 0;

    // The certificates of the TLS listeners.
    std::optional<CertificateWatch> certificates;

    // Live data: fed by the writer, watched by everyone else.
    live::Hub hub;
    std::unique_ptr<landing::Rollups> rollups;
    std::unique_ptr<landing::Writer> writer;
    std::unique_ptr<store::Upkeep> plant_upkeep;

    // Into the plant's PostgreSQL, when there is one.
    std::unique_ptr<landing::Spool> spool;
    std::unique_ptr<store::PlantWriter> plant;
    std::unique_ptr<store::Forwarder> forwarder;

    // Advisory: nothing waits for it.
    Announcer announcer{*this};
    std::unique_ptr<AnalysisEngine> analysis;

    // MQTT: one thread takes, decodes and hands over; listener and uplink share it.
    std::optional<IoThread> mqtt_thread;
    std::unique_ptr<ingest::Intake> intake;
    std::unique_ptr<mqtt::Listener> listener;
    std::unique_ptr<mqtt::Uplink> uplink;
    mqtt::ListenerPorts mqtt_ports;

    // Orders, lots, equipment.
    std::unique_ptr<operations::Service> operations;
    std::unique_ptr<BusinessNews> news;
    // OPC UA, with threads of its own.
    std::unique_ptr<opcua::Server> opcua_server;
    std::optional<std::uint16_t> opcua_port;
    std::unique_ptr<Deliveries> deliveries;

    // REST and WebSocket, with threads of its own.
    std::unique_ptr<exporter::TableExporter> exporter;
    std::unique_ptr<http::Server> server;
    http::Endpoints http_endpoints;
    bool announced = false;
    SteadyTime next_plaintext_warning;
    SteadyTime next_certificate_look;
    SteadyTime next_key_look;
    SteadyTime next_profile_save;
};

}  // namespace modax::app
