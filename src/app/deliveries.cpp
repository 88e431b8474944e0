#include "app/deliveries.hpp"

#include "config/load.hpp"
#include "core/hex.hpp"
#include "security/digest.hpp"
#include "security/network.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace modax::app {
namespace {

std::string hmac(std::string_view key, std::string_view text) {
    const auto digest = security::hmac_sha256(std::as_bytes(std::span{key}), text);
    return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Result<connectors::NetworkRules> network_rules(const config::ConnectorsConfig& config) {
    std::vector<security::Network> networks;
    for (const std::string& text : config.allowed_networks) {
        const auto network = security::Network::parse(text);
        if (!network) {
            return fail(
                Errc::invalid_argument,
                "connectors.allowed_networks: '" + text + "' is no network such as 10.1.0.0/16"
            );
        }
        networks.push_back(*network);
    }
    return connectors::NetworkRules{
        config.allowed_hosts, [networks = std::move(networks)](std::string_view address) {
            return std::any_of(networks.begin(), networks.end(), [&](const auto& network) {
                return network.contains(address);
            });
        }};
}

}  // namespace

Deliveries::Deliveries(OutboxStore& outbox, connectors::NetworkRules rules)
    : outbox_{outbox}, rules_{std::move(rules)}, jq_{"/proc/self/exe"} {}

Result<std::unique_ptr<Deliveries>> Deliveries::make(
    const config::Config& config,
    OutboxStore& outbox,
    const FileSystem& files,
    const Clock& clock,
    Random& random,
    Log& log
) {
    auto rules = network_rules(config.connectors);
    if (!rules) return tl::make_unexpected(rules.error());
    std::unique_ptr<Deliveries> made{new Deliveries{outbox, std::move(*rules)}};
    if (config.connectors.directory.empty()) return made;
    auto definitions = connectors::read_definitions(config.connectors.directory);
    if (!definitions) return tl::make_unexpected(definitions.error());
    for (connectors::Definition& definition : *definitions) {
        connectors::ChannelSecrets secrets;
        const auto fetch = [&](const std::string& reference, Secret& into) -> Status {
            auto secret = config::resolve_secret({reference}, config::process_environment(), files);
            if (!secret) {
                return fail(
                    secret.error().code, definition.file.string() + ": " + secret.error().detail
                );
            }
            into = std::move(*secret);
            return {};
        };
        auto fetched = fetch(definition.secret, secrets.password);
        if (fetched) fetched = fetch(definition.signature_secret, secrets.signature);
        if (!fetched) return tl::make_unexpected(fetched.error());
        delivery::DispatcherOptions options;
        options.connector = definition.name;
        options.retry.max_attempts = definition.max_attempts;
        options.retry.max_age = definition.max_age;
        options.per_second = definition.per_second;
        One one;
        one.channel = std::make_unique<connectors::Channel>(
            std::move(definition), std::move(secrets), made->rules_, made->jq_, hmac, clock
        );
        one.dispatcher = std::make_unique<delivery::Dispatcher>(
            std::move(options), outbox, *one.channel, clock, random, log
        );
        made->all_.push_back(std::move(one));
    }
    return made;
}

Status Deliveries::start() {
    if (auto released = outbox_.release_claims(); !released) return released;
    for (One& one : all_) one.dispatcher->start();
    return {};
}

void Deliveries::stop() {
    for (One& one : all_) one.dispatcher->stop();
}

std::vector<BusinessEventSink*> Deliveries::sinks() {
    std::vector<BusinessEventSink*> sinks;
    for (One& one : all_) sinks.push_back(one.dispatcher.get());
    return sinks;
}

std::vector<std::string> Deliveries::connectors_for(const BusinessEvent& event) const {
    std::vector<std::string> names;
    for (const One& one : all_) {
        const auto& definition = one.channel->definition();
        if (connectors::wants(definition, event.type)) names.push_back(definition.name);
    }
    return names;
}

std::vector<ConnectorState> Deliveries::connectors() const {
    std::vector<ConnectorState> states;
    for (const One& one : all_) {
        const auto& definition = one.channel->definition();
        states.push_back(
            {definition.name,
             definition.file.string(),
             definition.events,
             definition.url,
             one.dispatcher->circuit_open(),
             one.dispatcher->last_problem()}
        );
    }
    return states;
}

void Deliveries::collect(MetricSink& sink) const {
    for (const One& one : all_) one.dispatcher->collect(sink);
}

}  // namespace modax::app
