// Sessions, subscriptions, retained messages and wills, and the routing between them. Knows
// connections, but no sockets. Owned by the Listener; runs on the io_context's thread only.
#pragma once

#include "core/broker_state.hpp"
#include "core/landing.hpp"
#include "core/token_buckets.hpp"
#include "mqtt/listener.hpp"
#include "mqtt/listener/counters.hpp"
#include "mqtt/listener/message.hpp"
#include "mqtt/listener/retained_messages.hpp"
#include "mqtt/listener/session.hpp"
#include "mqtt/listener/subscription_tree.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace modax::mqtt {

class Authentication;
class Connection;

struct WillMessage {
    MessagePtr message;
    std::chrono::seconds delay{0};
};

class Broker {
public:
    Broker(const ListenerOptions& options, ListenerParts parts, AckSink& acks, Counters& counters);
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;
    ~Broker();

    const ListenerOptions& options() const { return options_; }
    const ListenerParts& parts() const { return parts_; }
    Counters& counters() { return counters_; }
    Authentication& authentication() { return *authentication_; }
    ingest::Intake& intake() { return parts_.intake; }
    AckSink& acks() { return acks_; }

    void restore(const BrokerState& state);

    // Connections. add() starts it; left() when it gives its session up; closed() when it is over.
    void add(std::shared_ptr<Connection> connection);
    void left(Session& session, std::optional<WillMessage> will);
    void closed(Connection& connection);
    std::size_t connections() const { return connections_.size(); }
    // Ends those whose user may not stay.
    void recheck_clients();
    std::uint64_t next_connection_number() { return ++last_connection_; }

    // The client's session, resumed or new; another connection that has it is closed. nullptr: it
    // belongs to somebody else.
    struct Admission {
        Session* session = nullptr;
        bool present = false;
    };
    Admission admit(
        const std::string& client_id,
        const Principal& principal,
        bool clean_start,
        ProtocolVersion version,
        std::uint32_t expiry_interval
    );

    // How many wrong logins the address may still try; null: no limit.
    std::shared_ptr<TokenBucket> refused_logins_of(const std::string& address) {
        return refused_logins_.find(
            address, options_.max_refused_logins_per_address, parts_.clock.steady_now()
        );
    }

    // Routes a message. False: nobody is subscribed. quota_exceeded: it can't be retained.
    enum class Routed : std::uint8_t { delivered, nobody, retain_refused };
    Routed route(const MessagePtr& message, const Session* publisher);
    // What a new subscription gets at once: retained messages and the latest state of devices.
    void send_retained(
        Session& session, std::string_view filter, std::uint8_t options, std::uint32_t identifier
    );
    void subscribe(Session& session, std::string_view filter, Session::Subscribed subscribed);
    bool unsubscribe(Session& session, std::string_view filter);

    // Stored events, for the subscribers of the ingest topics.
    void feed(const std::shared_ptr<const StoredBatch>& batch);
    // The store has these messages.
    void committed(const std::vector<AckToken>& tokens);

    // The connection has something to send when the turn ends.
    void wants_flush(Connection& connection);
    // The connection stopped reading until there is room.
    void paused(Connection& connection);
    // Hands over what was taken in, and sends what was written. Call it at the end of each handler.
    void end_turn();

    // Once a second: time limits, expiries, wills.
    void tick();
    // Gives paused connections another chance.
    void retry_paused();
    bool has_paused() const { return !paused_.empty(); }
    // Closes every connection with "server shutting down".
    void shut_down();

private:
    struct PendingWill {
        MessagePtr message;
        Timestamp due;
    };
    // The subscriptions of a device's topic, kept until any subscription changes.
    struct DeviceRoute {
        std::shared_ptr<const std::string> topic;
        std::uint64_t version = 0;
        Matches matches;
    };

    std::string data_topic(const Device& device) const;
    std::string safety_topic(const Device& device) const;
    DeviceRoute& route_of(const Device& device, bool safety);
    void retain(const MessagePtr& message);
    bool deliver(const Matches& matches, const MessagePtr& message, const Session* publisher);
    bool deliver_shared(SharedGroup& group, const MessagePtr& message);
    void end_session(const std::string& client_id);
    void publish_will(const std::string& client_id);
    Connection* connection_of(const Session& session);

    const ListenerOptions& options_;
    ListenerParts parts_;
    AckSink& acks_;
    Counters& counters_;
    SessionLimits session_limits_;
    std::unique_ptr<Authentication> authentication_;
    SubscriptionTree subscriptions_;
    RetainedMessages retained_;
    std::map<std::string, std::unique_ptr<Session>, std::less<>> sessions_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
    std::vector<std::shared_ptr<Connection>> to_flush_;
    std::vector<std::shared_ptr<Connection>> paused_;
    std::map<std::string, PendingWill, std::less<>> wills_;
    std::unordered_map<const Device*, DeviceRoute> data_routes_;
    std::unordered_map<const Device*, DeviceRoute> safety_routes_;
    TokenBuckets refused_logins_;
    std::uint64_t last_connection_ = 0;
    std::uint64_t round_ = 0;  // of merging, see Session::Mark
};

}  // namespace modax::mqtt
