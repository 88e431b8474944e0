#include "opcua/server.hpp"

#include "opcua/access.hpp"
#include "opcua/address_space.hpp"
#include "opcua/feed.hpp"
#include "opcua/history.hpp"
#include "opcua/log_bridge.hpp"
#include "opcua/own_certificate_watch.hpp"
#include "opcua/server_config.hpp"
#include "opcua/trust_folders.hpp"

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

namespace modax::opcua {
namespace {

using ServerPointer = std::unique_ptr<UA_Server, decltype(&UA_Server_delete)>;

}  // namespace

struct Server::Impl {
    Impl(ServerOptions with, Parts given)
        : options{std::move(with)},
          parts{std::move(given)},
          folders{options.folder, parts.files, parts.clock, parts.log},
          access{
              {parts.users, folders, parts.trail, parts.clock, parts.log},
              options.allow_security_none},
          own_certificate_watch{options.folder, parts.files, parts.clock, parts.log},
          history{parts.readings, parts.rollups, access, parts.log},
          logger{make_logger(parts.log)} {}

    Result<std::uint16_t> start();
    void stop();
    void run(const std::stop_token& stop);
    // The feed's thread, once a second: what the server's own must not wait for.
    void upkeep();
    // A change of trust, put into the audit log when it was made.
    Result<OpcUaCertificate> told(
        std::string action, AuditEntry origin, Result<OpcUaCertificate> changed
    ) const;

    ServerOptions options;
    const Parts parts;
    TrustFolders folders;
    Access access;
    OwnCertificateWatch own_certificate_watch;
    History history;
    UA_Logger logger;
    ServerPointer server{nullptr, &UA_Server_delete};
    std::unique_ptr<Feed> feed;
    std::atomic<bool> running{false};
    std::jthread thread;
};

Result<std::uint16_t> Server::Impl::start() {
    if (auto opened = folders.open(); !opened) return tl::make_unexpected(opened.error());
    auto own = own_certificate(options.folder, hosts_of(options), parts.files, parts.log);
    if (!own) return tl::make_unexpected(own.error());
    own_certificate_watch.begin(*own);
    if (options.port == 0) {
        const auto port = free_port(options.bind);
        if (!port) return tl::make_unexpected(port.error());
        options.port = *port;
    }
    UA_ServerConfig config{};
    if (auto made = configure(config, options, *own, access, logger); !made) {
        UA_ServerConfig_clean(&config);
        return tl::make_unexpected(made.error());
    }
    history.install(config);
    server.reset(UA_Server_newWithConfig(&config));
    if (!server) return fail(Errc::io_error, "the OPC UA server can't be made");
    if (auto added = add_address_space(*server); !added) {
        return tl::make_unexpected(added.error());
    }
    const auto started = check(
        UA_Server_run_startup(server.get()),
        "the OPC UA server can't listen on " + options.bind + ':' + std::to_string(options.port) +
            "; choose another opcua.port, or set opcua.enabled = false"
    );
    if (!started) return tl::make_unexpected(started.error());
    feed = std::make_unique<Feed>(
        Feed::Parts{
            *server,
            parts.hub,
            parts.devices,
            parts.clock,
            parts.log,
            access,
            parts.trail,
            parts.desk,
            parts.health,
            parts.operations},
        Staleness{options.stale_after, options.lost_after},
        [this] { upkeep(); }
    );
    running = true;
    if (auto fed = feed->start(); !fed) return tl::make_unexpected(fed.error());
    thread = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    return options.port;
}

void Server::Impl::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) UA_Server_run_iterate(server.get(), true);
}

void Server::Impl::stop() {
    if (feed) feed->stop();
    if (thread.joinable()) {
        thread.request_stop();
        thread.join();
    }
    if (running.exchange(false)) UA_Server_run_shutdown(server.get());
    // The feed stays: the analysis may still be handing something over.
    server.reset();
}

void Server::Impl::upkeep() {
    folders.look();
    own_certificate_watch.look(*server);
    for (const auto& [der, finding] : access.take_rejected()) {
        if (auto kept = folders.keep_rejected(der, finding); !kept) {
            parts.log.error(
                "opcua", "a refused certificate can't be kept", {{"reason", kept.error().detail}}
            );
        }
    }
}

Result<OpcUaCertificate> Server::Impl::told(
    std::string action, AuditEntry origin, Result<OpcUaCertificate> changed
) const {
    if (!changed) return changed;
    origin.time = parts.clock.now();
    origin.action = std::move(action);
    origin.object = "certificate:" + changed->thumbprint;
    origin.detail = changed->subject;
    parts.trail.access(std::move(origin));
    return changed;
}

Server::Server(ServerOptions options, Parts parts)
    : impl_{std::make_unique<Impl>(std::move(options), std::move(parts))} {}

Server::~Server() {
    stop();
}

Result<std::uint16_t> Server::start() {
    return impl_->start();
}

void Server::stop() {
    impl_->stop();
}

void Server::recheck_sessions() {
    if (impl_->running) impl_->access.recheck(*impl_->server);
}

void Server::analysed(const Analysis& analysis) noexcept {
    try {
        if (impl_->running) impl_->feed->analysed(analysis);
    } catch (const std::exception& error) {
        impl_->parts.log.error("opcua", "an analysis is not shown", {{"reason", error.what()}});
    }
}

void Server::happened(const BusinessEvent& event) noexcept {
    constexpr std::string_view k_order = "order:";
    try {
        if (!impl_->running || !event.object_key.starts_with(k_order)) return;
        impl_->feed->order_changed(event.object_key.substr(k_order.size()));
    } catch (const std::exception& error) {
        impl_->parts.log.error("opcua", "an order is not shown", {{"reason", error.what()}});
    }
}

Result<std::vector<OpcUaCertificate>> Server::certificates() const {
    return impl_->folders.list();
}

Result<OpcUaCertificate> Server::trust(std::string_view thumbprint, const AuditEntry& origin) {
    return impl_->told("opcua_certificate.trust", origin, impl_->folders.trust(thumbprint));
}

Result<OpcUaCertificate> Server::untrust(std::string_view thumbprint, const AuditEntry& origin) {
    return impl_->told("opcua_certificate.untrust", origin, impl_->folders.untrust(thumbprint));
}

std::vector<OpcUaSession> Server::sessions() const {
    std::vector<OpcUaSession> listed;
    for (auto& each : impl_->access.sessions().all()) listed.push_back(std::move(each.session));
    return listed;
}

void Server::collect(MetricSink& sink) const {
    if (!impl_->running) return;
    const auto number = [](auto value) { return static_cast<double>(value); };
    const Access& access = impl_->access;
    const Feed& feed = *impl_->feed;
    sink.gauge(
        "modax_opcua_certificate_expiry_timestamp_seconds",
        "When the server's own certificate ends, in seconds since 1970.",
        number(to_micros(impl_->own_certificate_watch.ends())) / 1e6
    );
    sink.gauge("modax_opcua_sessions", "Sessions that are open.", number(access.sessions().size()));
    sink.gauge("modax_opcua_value_nodes", "Variables of devices.", number(feed.nodes()));
    sink.counter(
        "modax_opcua_values_written_total",
        "Values brought into the address space.",
        number(feed.written_values())
    );
    sink.counter(
        "modax_opcua_dropped_events_total",
        "Events that were skipped; the newest values were taken after it.",
        number(feed.dropped_events())
    );
    sink.counter(
        "modax_opcua_alarm_events_total", "Events of alarms sent.", number(feed.alarm_events())
    );
    sink.gauge("modax_opcua_alarms", "Alarms that are active.", number(feed.active_alarms()));
    sink.counter(
        "modax_opcua_dropped_alarms_total",
        "Changes of alarms that came faster than they could be shown.",
        number(feed.dropped_alarms())
    );
    sink.counter(
        "modax_opcua_sessions_total", "Sessions that came in.", number(access.opened_sessions())
    );
    sink.counter(
        "modax_opcua_refused_total",
        "Clients that were refused.",
        number(access.refused_certificates()),
        {{"reason", "certificate"}}
    );
    sink.counter(
        "modax_opcua_refused_total",
        "Clients that were refused.",
        number(access.refused_logins()),
        {{"reason", "login"}}
    );
}

Health Server::health() const {
    if (impl_->running) return {"opcua", true, {}};
    return {"opcua", false, "the OPC UA server does not run"};
}

}  // namespace modax::opcua
