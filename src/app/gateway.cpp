#include "app/gateway.hpp"

#include "app/admin_key.hpp"
#include "app/certificate_watch.hpp"
#include "app/endpoints_file.hpp"
#include "app/io_thread.hpp"
#include "app/options.hpp"
#include "config/rules.hpp"
#include "core/accounting.hpp"
#include "core/version.hpp"
#include "live/hub.hpp"
#include "security/api_keys.hpp"
#include "security/audit_checkpoints.hpp"
#include "security/audit_seal.hpp"
#include "security/audit_trail.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/process_metrics.hpp"

#include <csignal>
#include <optional>
#include <utility>

namespace modax::app {
namespace {

// Changes by the command line take effect within a second (PROMISES P10).
constexpr std::chrono::milliseconds k_upkeep_interval{400};
constexpr std::chrono::seconds k_certificate_interval{5};
constexpr std::chrono::seconds k_key_interval{10};

// Every thread inherits the mask, so only sigwait() in run() gets these.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of write(2)
    return signals;
}

}  // namespace

// In the order in which they are built; destroyed in the reverse one.
struct Gateway::Parts {
    explicit Parts(const config::Config& with) : config{with} {}

    Status build();
    Status open_store();
    Status build_mqtt();
    Status build_http();
    void register_metrics();
    Status announce();
    void stop();
    // Between signals, every few seconds.
    void upkeep();
    Status reload_certificates();
    void reload_identity();
    void look_after_keys();
    void warn_of_plaintext();
    void make_checkpoint(Status (security::Checkpoints::*how)());

    const config::Config config;
    sigset_t signals = block_signals();

    // What everything else asks: time, randomness, files, the log.
    SystemClock clock;
    SystemRandom random;
    PosixFileSystem files;
    std::unique_ptr<Log> log = telemetry::make_log(log_options(config));

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
    std::unique_ptr<security::Trail> trail;
    std::int64_t identity_version = 0;

    // The certificates of the TLS listeners.
    std::optional<CertificateWatch> certificates;

    // Live data: fed by the writer, watched by everyone else.
    live::Hub hub;
    std::unique_ptr<landing::Writer> writer;

    // MQTT: one thread takes, decodes and hands over; listener and uplink share it.
    std::optional<IoThread> mqtt_thread;
    std::unique_ptr<ingest::Intake> intake;
    std::unique_ptr<mqtt::Listener> listener;
    std::unique_ptr<mqtt::Uplink> uplink;
    mqtt::ListenerPorts mqtt_ports;

    // REST and WebSocket, with threads of its own.
    std::unique_ptr<http::Server> server;
    http::Endpoints http_endpoints;
    bool announced = false;
    SteadyTime next_plaintext_warning;
    SteadyTime next_certificate_look;
    SteadyTime next_key_look;
};

Status Gateway::Parts::build() {
    certificates.emplace(config, files, clock, *log);
    if (auto checked = certificates->check(); !checked) return checked;
    if (auto opened = open_store(); !opened) return opened;
    if (auto built = build_mqtt(); !built) return built;
    if (auto built = build_http(); !built) return built;
    register_metrics();
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
    trail = std::make_unique<security::Trail>(*store, clock, *log);

    keys = std::make_unique<security::ApiKeys>(*store, clock, random, key_environment(config));
    if (auto loaded = keys->load(); !loaded) return loaded;
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
    writer = std::make_unique<landing::Writer>(
        *store, accounting, hub, files, writer_options(config), clock, *log
    );
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
            mqtt_thread->context(), *intake, hub, devices, *users, *trail, clock, random, *log};
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

Status Gateway::Parts::build_http() {
    std::vector<const HealthSource*> health{store.get(), writer.get()};
    if (listener) health.push_back(listener.get());
    if (uplink) health.push_back(uplink.get());
    server = std::make_unique<http::Server>(
        server_options(config),
        http::Dependencies{
            *keys,
            *keys,
            *users,
            *store,
            *trail,
            *store,
            hub,
            devices,
            accounting,
            [this] { return metrics.text(); },
            std::move(health),
            clock,
            random,
            *log,
            std::string{k_version}}
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
    metrics.add(hub);
    if (listener) metrics.add(*listener);
    if (uplink) metrics.add(*uplink);
    metrics.add(*server);
    metrics.add(*keys);
    metrics.add(*users);
    metrics.add(*trail);
    metrics.add(process_metrics);
    metrics.add(*certificates);
}

Status Gateway::Parts::announce() {
    GatewayEndpoints endpoints;
    endpoints.http = http_endpoints;
    endpoints.mqtt_bind = config.mqtt.bind;
    endpoints.mqtts_bind = config.mqtts.bind;
    endpoints.mqtt = mqtt_ports;
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
    }
}

void Gateway::Parts::upkeep() {
    reload_identity();
    const auto now = clock.steady_now();
    if (now >= next_certificate_look) {
        next_certificate_look = now + k_certificate_interval;
        certificates->look([this] { return reload_certificates(); });
    }
    if (now >= next_key_look) {
        next_key_look = now + k_key_interval;
        look_after_keys();
        make_checkpoint(&security::Checkpoints::look);
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

// From the outside in: first nothing new comes, then what came is stored.
void Gateway::Parts::stop() {
    if (announced) {
        // Not being there any more is what the file tells; a failure to remove it is logged only.
        if (auto removed = files.remove(endpoints_file(config.data_dir)); !removed) {
            log->warn("gateway", removed.error().detail);
        }
    }
    if (server) server->stop();
    if (mqtt_thread) {
        mqtt_thread->run_and_wait([this] {
            if (uplink) uplink->stop();
            if (listener) listener->stop();
            if (intake) intake->flush();
        });
        mqtt_thread->stop();
    }
    if (writer) writer->stop();
    trail.reset();
    if (checkpoints) make_checkpoint(&security::Checkpoints::make_now);
    if (announced) log->info("gateway", "stopped");
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}

Gateway::~Gateway() {
    parts_->stop();
}

Result<std::unique_ptr<Gateway>> Gateway::start(const config::Config& config) {
    auto gateway = std::unique_ptr<Gateway>{new Gateway{std::make_unique<Parts>(config)}};
    if (auto built = gateway->parts_->build(); !built) {
        return tl::make_unexpected(built.error());
    }
    return gateway;
}

void Gateway::run() {
    for (;;) {
        parts_->upkeep();
        constexpr timespec k_between{0, std::chrono::nanoseconds{k_upkeep_interval}.count()};
        const int signal = sigtimedwait(&parts_->signals, nullptr, &k_between);
        if (signal < 0) continue;  // nothing came
        if (signal != SIGHUP) {
            parts_->log->info("gateway", "stopping");
            return;
        }
        parts_->certificates->reload([this] { return parts_->reload_certificates(); });
    }
}

}  // namespace modax::app
