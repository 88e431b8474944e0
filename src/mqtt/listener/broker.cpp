// Connections and sessions.
#include "mqtt/listener/broker.hpp"

#include "core/log.hpp"
#include "ingest/intake.hpp"
#include "mqtt/listener/authentication.hpp"
#include "mqtt/listener/connection.hpp"

#include <algorithm>
#include <utility>

namespace modax::mqtt {
namespace {

// The owner as SessionSaved keeps it: "kind:name".
Principal parse_owner(const std::string& text) {
    const auto colon = text.find(':');
    Principal owner;
    owner.kind = text.substr(0, colon);
    if (colon != std::string::npos) owner.name = text.substr(colon + 1);
    return owner;
}

bool same(const Principal& a, const Principal& b) {
    return a.kind == b.kind && a.name == b.name;
}

}  // namespace

Broker::Broker(
    const ListenerOptions& options, ListenerParts parts, AckSink& acks, Counters& counters
)
    : options_{options},
      parts_{parts},
      acks_{acks},
      counters_{counters},
      session_limits_{options.max_queued_messages, options.max_queued_bytes},
      authentication_{std::make_unique<Authentication>(parts.authenticator, parts.io)},
      retained_{options.max_retained_messages, options.max_retained_bytes} {}

Broker::~Broker() = default;

void Broker::restore(const BrokerState& state) {
    const SessionEnvironment environment{session_limits_, parts_.clock, parts_.intake, counters_};
    for (const SessionSaved& saved : state.sessions) {
        auto session =
            std::make_unique<Session>(saved.client_id, parse_owner(saved.principal), environment);
        session->restore(saved);
        sessions_.insert_or_assign(saved.client_id, std::move(session));
    }
    const auto with_session = [this](const std::string& client_id, auto&& action) {
        const auto session = sessions_.find(client_id);
        if (session != sessions_.end()) action(*session->second);
    };
    for (const SubscriptionSaved& saved : state.subscriptions) {
        with_session(saved.client_id, [&](Session& session) {
            session.restore(saved);
            subscriptions_.add(saved.filter, {&session, saved.options, saved.identifier});
        });
    }
    for (const MessageQueued& saved : state.messages) {
        with_session(saved.client_id, [&](Session& session) { session.restore(saved); });
    }
    for (const InboundHeld& saved : state.inbound) {
        with_session(saved.client_id, [&](Session& session) { session.restore(saved); });
    }
    for (const RetainedSaved& saved : state.retained) {
        Message message;
        message.topic = std::make_shared<const std::string>(saved.message.topic);
        message.payload = std::make_shared<const std::string>(saved.message.payload);
        message.qos = saved.message.qos;
        message.retain = true;
        message.properties = saved.message.properties;
        message.expires = saved.message.expires;
        retained_.set(std::make_shared<const Message>(std::move(message)));
    }
    Counters::set(counters_.sessions, sessions_.size());
    Counters::set(counters_.subscriptions, subscriptions_.size());
    Counters::set(counters_.retained, retained_.size());
}

void Broker::add(std::shared_ptr<Connection> connection) {
    Connection& added = *connection;
    connections_.emplace(added.number(), std::move(connection));
    Counters::add(counters_.connections_total);
    Counters::set(counters_.connections, connections_.size());
    added.start();
}

void Broker::recheck_clients() {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [number, connection] : connections_) all.push_back(connection);
    for (const auto& connection : all) connection->recheck();
}

void Broker::closed(Connection& connection) {
    connections_.erase(connection.number());
    Counters::set(counters_.connections, connections_.size());
}

void Broker::left(Session& session, std::optional<WillMessage> will) {
    session.detach();
    const std::string client_id = session.client_id();
    if (will) {
        const std::chrono::seconds longest{session.expiry_interval()};
        const auto due = parts_.clock.now() + std::min(will->delay, longest);
        const bool now = will->delay.count() == 0 || !session.persistent();
        wills_[client_id] = PendingWill{std::move(will->message), due};
        if (now) publish_will(client_id);
    }
    if (!session.persistent()) end_session(client_id);
}

Broker::Admission Broker::admit(
    const std::string& client_id,
    const Principal& principal,
    bool clean_start,
    ProtocolVersion version,
    std::uint32_t expiry_interval
) {
    auto found = sessions_.find(client_id);
    if (found != sessions_.end()) {
        if (!same(found->second->owner(), principal)) return {};
        if (Connection* const other = connection_of(*found->second)) {
            other->disconnect(
                ReasonCode::session_taken_over, "another connection uses this client id (3.1.4)"
            );
            // A session that does not outlive its connection is gone now.
            found = sessions_.find(client_id);
        }
    }
    if (found != sessions_.end()) {
        // What waits in it may have come by a right that was taken away since.
        const auto& subscribed = found->second->subscriptions();
        const bool allowed =
            std::all_of(subscribed.begin(), subscribed.end(), [&](const auto& entry) {
                return parts_.authenticator.may_subscribe(principal, entry.first);
            });
        if (clean_start || !allowed) {
            end_session(client_id);
        } else {
            wills_.erase(client_id);  // section 3.1.3.2.2: it came back in time
        }
        found = sessions_.find(client_id);
    }
    const bool present = found != sessions_.end();
    if (!present) {
        const SessionEnvironment environment{
            session_limits_, parts_.clock, parts_.intake, counters_};
        found =
            sessions_
                .emplace(client_id, std::make_unique<Session>(client_id, principal, environment))
                .first;
        Counters::set(counters_.sessions, sessions_.size());
    }
    Session& session = *found->second;
    session.set_protocol_version(version);
    session.set_expiry_interval(expiry_interval);
    return {&session, present};
}

Connection* Broker::connection_of(const Session& session) {
    if (!session.online()) return nullptr;
    const auto found =
        std::find_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
            return entry.second->session() == &session;
        });
    return found == connections_.end() ? nullptr : found->second.get();
}

void Broker::end_session(const std::string& client_id) {
    const auto found = sessions_.find(client_id);
    if (found == sessions_.end()) return;
    // The session ends, so a will that waits is due (section 3.1.3.2.2).
    publish_will(client_id);
    Session& session = *found->second;
    for (const auto& [filter, subscribed] : session.subscriptions()) {
        subscriptions_.remove(filter, session);
    }
    session.set_expiry_interval(0);  // takes it out of the store
    sessions_.erase(found);
    Counters::set(counters_.sessions, sessions_.size());
    Counters::set(counters_.subscriptions, subscriptions_.size());
}

void Broker::publish_will(const std::string& client_id) {
    auto will = wills_.extract(client_id);
    if (!will.empty()) route(will.mapped().message, nullptr);
}

void Broker::committed(const std::vector<AckToken>& tokens) {
    Connection* connection = nullptr;
    for (const AckToken& token : tokens) {
        if (connection == nullptr || connection->number() != token.connection) {
            const auto found = connections_.find(token.connection);
            connection = found == connections_.end() ? nullptr : found->second.get();
        }
        if (connection != nullptr) connection->acknowledge(token.packet_id, token.qos);
    }
    retry_paused();
    end_turn();
}

void Broker::wants_flush(Connection& connection) {
    to_flush_.push_back(connection.shared_from_this());
}

void Broker::paused(Connection& connection) {
    paused_.push_back(connection.shared_from_this());
}

void Broker::retry_paused() {
    if (paused_.empty()) return;
    const auto now = parts_.clock.steady_now();
    // First come, first served: who still waits stays ahead of who pauses again.
    std::vector<std::shared_ptr<Connection>> waiting;
    for (const auto& connection : std::exchange(paused_, {})) {
        if (!connection->try_resume(now)) waiting.push_back(connection);
        // So that the next one sees what this one has filled.
        parts_.intake.flush();
    }
    waiting.insert(waiting.end(), paused_.begin(), paused_.end());
    paused_ = std::move(waiting);
}

void Broker::end_turn() {
    parts_.intake.flush();
    // Flushing may close a connection, which ends in another turn; so the list is taken first.
    for (const auto& connection : std::exchange(to_flush_, {})) connection->flush();
}

void Broker::tick() {
    const auto steady = parts_.clock.steady_now();
    std::vector<std::shared_ptr<Connection>> connections;
    connections.reserve(connections_.size());
    for (const auto& [number, connection] : connections_) connections.push_back(connection);
    for (const auto& connection : connections) connection->tick(steady);

    const auto now = parts_.clock.now();
    std::vector<std::string> due;
    for (const auto& [client_id, will] : wills_) {
        if (will.due <= now) due.push_back(client_id);
    }
    for (const std::string& client_id : due) publish_will(client_id);

    std::vector<std::string> ended;
    for (const auto& [client_id, session] : sessions_) {
        if (session->online()) {
            session->persist_unacknowledged();
        } else if (session->expires() && *session->expires() <= now) {
            ended.push_back(client_id);
        }
    }
    for (const std::string& client_id : ended) end_session(client_id);
    for (std::string& topic : retained_.expire(now)) {
        parts_.intake.add(RetainedRemoved{std::move(topic)});
    }
    Counters::set(counters_.retained, retained_.size());
    end_turn();
}

void Broker::shut_down() {
    std::vector<std::shared_ptr<Connection>> connections;
    for (const auto& [number, connection] : connections_) connections.push_back(connection);
    for (const auto& connection : connections) {
        connection->disconnect(ReasonCode::server_shutting_down, "the gateway is stopped");
    }
    end_turn();
}

}  // namespace modax::mqtt
