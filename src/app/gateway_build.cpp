// How a gateway starts: every part in order, once.
#include "app/admin_key.hpp"
#include "app/endpoints_file.hpp"
#include "app/gateway_parts.hpp"

#include <utility>

namespace modax::app {

Status Gateway::Parts::build() {
    certificates.emplace(config, files, clock, *log);
    if (auto checked = certificates->check(); !checked) return checked;
    if (auto opened = open_store(); !opened) return opened;
    build_analysis();
    if (auto built = build_mqtt(); !built) return built;
    build_operations();
    if (auto built = build_opcua(); !built) return built;
    if (auto built = build_delivery(); !built) return built;
    if (auto built = build_http(); !built) return built;
    register_metrics();
    if (auto started = start_analysis(); !started) return started;
    if (auto begun = look_after_plant_store(); !begun) return begun;
    mqtt_thread->start();
    return announce();
}

Status Gateway::Parts::open_store() {
    auto opened = landing::Store::open(store_options(config), devices, clock, *log);
    if (!opened) return tl::make_unexpected(opened.error());
    store = std::move(*opened);

    auto chain = security::ChainSeal::load(files, random, config.data_dir, true);
    if (!chain) return tl::make_unexpected(chain.error());
    seal.emplace(std::move(*chain));
    store->seal_audit_with(*seal);
    auto signing = security::CheckpointSigner::load(files, config.data_dir, true);
    if (!signing) return tl::make_unexpected(signing.error());
    signer.emplace(std::move(*signing));
    checkpoints.emplace(*store, *signer, checkpoint_file_of(config), clock, *log);
    audit_retention.emplace(*store, audit_retention_options(config), clock, *log);
    trail = std::make_unique<security::Trail>(*store, clock, *log);
    unusual_access = std::make_unique<security::UnusualAccess>(*trail, *store, clock, *log);
    if (auto loaded = unusual_access->load(); !loaded) return loaded;
    unusual_access->report_to([this](const SecurityEvent& event) { tell_of_security(event); });

    keys = std::make_unique<security::ApiKeys>(*store, clock, random, key_environment(config));
    if (auto loaded = keys->load(); !loaded) return loaded;
    keys->report_refused_keys_to([this](auto id, auto reason, auto address) {
        unusual_access->refused_key(id, reason, address);
    });
    if (auto made = make_first_key(*keys, files, config.data_dir, clock.now(), *log); !made) {
        return made;
    }
    users = std::make_unique<security::Users>(users_options(config), *store, clock, random);
    if (auto loaded = users->load(); !loaded) return loaded;
    identity_version = store->identity_version().value_or(0);

    // What is newest must be known before the first reading comes in.
    auto restored = store->latest(
        [this](const Reading& reading) { hub.restore(reading); },
        [this](const SafetyStatus& status) { hub.restore(status); }
    );
    if (!restored) return restored;
    if (auto opened = open_spool(); !opened) return opened;
    rollups = std::make_unique<landing::Rollups>(*store, rollup_options(config), clock, *log);
    writer = std::make_unique<landing::Writer>(
        *store, accounting, hub, files, writer_options(config), clock, *log
    );
    start_forwarder();
    return {};
}

Status Gateway::Parts::build_mqtt() {
    mqtt_thread.emplace("mqtt", *log);
    intake = std::make_unique<ingest::Intake>(
        intake_options(config), devices, *writer, accounting, clock
    );
    auto state = store->broker_state();
    if (!state) return tl::make_unexpected(state.error());
    auto options = listener_options(config);
    if (options.tcp || options.tls) {
        const mqtt::ListenerParts parts{
            mqtt_thread->context(),
            *intake,
            hub,
            devices,
            *users,
            *unusual_access,
            clock,
            random,
            *log};
        listener = std::make_unique<mqtt::Listener>(std::move(options), parts, std::move(*state));
        auto ports = listener->start();
        if (!ports) return tl::make_unexpected(ports.error());
        mqtt_ports = *ports;
    }
    if (config.uplink.enabled) {
        auto upstream = uplink_options(config, files);
        if (!upstream) return tl::make_unexpected(upstream.error());
        uplink = std::make_unique<mqtt::Uplink>(
            mqtt_thread->context(), *upstream, *intake, clock, random, *log
        );
        if (auto started = uplink->start(); !started) return started;
    }
    return {};
}

std::vector<const HealthSource*> Gateway::Parts::health_sources() const {
    std::vector<const HealthSource*> sources{store.get(), writer.get()};
    if (forwarder) sources.push_back(forwarder.get());
    if (listener) sources.push_back(listener.get());
    if (uplink) sources.push_back(uplink.get());
    if (opcua_server) sources.push_back(opcua_server.get());
    return sources;
}

Status Gateway::Parts::build_http() {
    exporter =
        std::make_unique<exporter::TableExporter>(*store, *store, config.data_dir / "exports");
    server = std::make_unique<http::Server>(
        server_options(config),
        http::Dependencies{
            .keys = *keys,
            .key_administration = *keys,
            .user_administration = *users,
            .audit = *store,
            .audit_trail = *unusual_access,
            .readings = *store,
            .hub = hub,
            .devices = devices,
            .accounting = accounting,
            .metrics_text = [this] { return metrics.text(); },
            .health = health_sources(),
            .clock = clock,
            .random = random,
            .log = *log,
            .version = std::string{k_version},
            .rollups = *store,
            .exporter = *exporter,
            .statistics = operations.get(),
            .analysis = analysis.get(),
            .analyses = analysis ? store.get() : nullptr,
            .operations = operations.get(),
            .opcua = opcua_server.get(),
            .outbox = store.get(),
            .connectors = deliveries.get()}
    );
    auto endpoints = server->start();
    if (!endpoints) return tl::make_unexpected(endpoints.error());
    http_endpoints = *endpoints;
    return {};
}

void Gateway::Parts::register_metrics() {
    metrics.add(accounting);
    metrics.add(*intake);
    metrics.add(*writer);
    metrics.add(*store);
    metrics.add(*rollups);
    metrics.add(hub);
    if (analysis) metrics.add(*analysis);
    if (listener) metrics.add(*listener);
    if (uplink) metrics.add(*uplink);
    if (opcua_server) metrics.add(*opcua_server);
    metrics.add(*server);
    metrics.add(*keys);
    metrics.add(*users);
    metrics.add(*trail);
    metrics.add(*unusual_access);
    metrics.add(process_metrics);
    metrics.add(*certificates);
}

Status Gateway::Parts::announce() {
    GatewayEndpoints endpoints;
    endpoints.http = http_endpoints;
    endpoints.mqtt_bind = config.mqtt.bind;
    endpoints.mqtts_bind = config.mqtts.bind;
    endpoints.mqtt = mqtt_ports;
    endpoints.opcua_bind = config.opcua.bind;
    endpoints.opcua = opcua_port;
    // What `modax pki init` leaves beside the server's certificate.
    const auto authority = config.tls.certificate_file.parent_path() / "ca.crt";
    const bool tls = config.https.enabled || config.mqtts.enabled;
    if (tls && files.exists(authority)) {
        endpoints.ca_file = std::filesystem::absolute(authority);
    }
    endpoints.admin_key_file = std::filesystem::absolute(admin_key_file(config.data_dir));
    const auto file = endpoints_file(config.data_dir);
    const auto json = endpoints_json(endpoints);
    if (auto written = files.write_atomic(file, json, 0644); !written) return written;
    announced = true;
    log->info(
        "gateway", "ready", {{"version", std::string{k_version}}, {"endpoints", file.string()}}
    );
    told(service_manager.ready("takes readings"));
    return {};
}

}  // namespace modax::app
