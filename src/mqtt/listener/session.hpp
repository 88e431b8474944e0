// The state of one client (MQTT 5, section 4.1): its subscriptions, what waits for it, what is in
// flight. Outlives the connection when it is persistent. Owned by the Broker; one thread.
#pragma once

#include "core/broker_state.hpp"
#include "core/clock.hpp"
#include "core/principal.hpp"
#include "ingest/intake.hpp"
#include "mqtt/codec/packets.hpp"
#include "mqtt/listener/counters.hpp"
#include "mqtt/listener/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace modax::mqtt {

inline constexpr std::uint32_t k_never_expires = 0xFFFFFFFF;

// What a session writes to: the connection it is attached to. The calls only add to a buffer.
class Outlet {
public:
    virtual ~Outlet() = default;
    virtual void send_publish(OutgoingPublish packet) = 0;
    virtual void send_ack(PacketType type, std::uint16_t packet_id, ReasonCode reason) = 0;
    // True: so much waits to be sent that QoS 0 messages should be dropped.
    virtual bool congested() const = 0;
};

// What the client told when it connected.
struct OutletLimits {
    ProtocolVersion version = ProtocolVersion::v5;
    std::uint16_t receive_maximum = 65'535;          // QoS 1 and 2 in flight
    std::uint32_t maximum_packet_size = 0xFFFFFFFF;  // bytes
};

struct SessionLimits {
    std::size_t max_queued_messages = 1000;
    std::size_t max_queued_bytes = 4 * 1024 * 1024;
};

// What sessions share; everything outlives them.
struct SessionEnvironment {
    const SessionLimits& limits;
    const Clock& clock;
    ingest::Intake& intake;  // takes the changes of persistent sessions
    Counters& counters;
};

class Session {
public:
    Session(std::string client_id, Principal owner, SessionEnvironment environment);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const std::string& client_id() const { return client_id_; }
    const Principal& owner() const { return owner_; }
    ProtocolVersion version() const { return limits_.version; }
    bool online() const { return outlet_ != nullptr; }
    // Outlives its connection, and is therefore kept in the store.
    bool persistent() const { return expiry_interval_ > 0; }
    std::uint32_t expiry_interval() const { return expiry_interval_; }  // seconds
    // When an offline session ends; nullopt: online, or never.
    std::optional<Timestamp> expires() const { return expires_; }

    void set_protocol_version(ProtocolVersion version) { limits_.version = version; }
    void set_expiry_interval(std::uint32_t seconds);
    // Sends again what was in flight, then what waited.
    void attach(Outlet& outlet, const OutletLimits& limits);
    void detach();

    // Sends, queues or, with the counters, drops.
    void deliver(Delivery delivery);
    // PUBACK, PUBREC, PUBCOMP of the client.
    void on_ack(const AckPacket& ack);

    // QoS 2 from the client: packet identifiers taken over and not yet released. hold() is false
    // when it is held already, release() when it is not.
    bool hold(std::uint16_t packet_id);
    bool release(std::uint16_t packet_id);
    bool holds(std::uint16_t packet_id) const { return inbound_.count(packet_id) != 0; }
    std::size_t held() const { return inbound_.size(); }

    struct Subscribed {
        std::uint8_t options = 0;
        std::uint32_t identifier = 0;
    };
    const std::map<std::string, Subscribed, std::less<>>& subscriptions() const {
        return subscriptions_;
    }
    void subscribed(std::string_view filter, Subscribed subscribed);
    void unsubscribed(std::string_view filter);

    // Scratch for the Broker while it merges the subscriptions a message matches.
    struct Mark {
        std::uint64_t round = 0;
        std::size_t place = 0;
    };
    Mark& mark() { return mark_; }

    // Writes messages to the store that were sent a while ago and are still unacknowledged.
    void persist_unacknowledged();

    // What the store knew, before the first attach().
    void restore(const SessionSaved& saved);
    void restore(const SubscriptionSaved& saved);
    void restore(const MessageQueued& saved);
    void restore(const InboundHeld& saved) { inbound_.insert(saved.packet_id); }

private:
    struct Waiting {
        Delivery delivery;
        std::uint64_t number = 0;
        bool persisted = false;
        std::uint16_t packet_id = 0;  // 0: not sent yet
        bool released = false;        // QoS 2: PUBREC came, PUBREL was sent
        bool to_resend = false;       // sent over an earlier connection, not yet over this one
    };

    void resend();
    void pump();
    bool send(Waiting& waiting, bool duplicate);
    void send_qos_0(const Delivery& delivery);
    OutgoingPublish outgoing(const Delivery& delivery, Timestamp now) const;
    std::uint16_t next_packet_id();
    std::deque<Waiting>::iterator find_inflight(std::uint16_t packet_id);
    void finish(std::deque<Waiting>::iterator inflight);
    void forget(const Waiting& waiting);
    void persist(Waiting& waiting);
    void save();
    static std::size_t bytes_of(const Delivery& delivery);

    const std::string client_id_;
    const Principal owner_;
    SessionEnvironment environment_;
    Outlet* outlet_ = nullptr;
    OutletLimits limits_;
    std::uint32_t expiry_interval_ = 0;
    std::optional<Timestamp> expires_;
    std::map<std::string, Subscribed, std::less<>> subscriptions_;
    std::set<std::uint16_t> inbound_;
    std::deque<Waiting> inflight_;  // sent, in order, not acknowledged
    std::size_t to_resend_ = 0;     // how many of them
    std::deque<Waiting> queue_;     // behind them
    std::size_t queued_bytes_ = 0;
    std::uint16_t last_packet_id_ = 0;
    std::uint64_t last_number_ = 0;
    Mark mark_;
};

}  // namespace modax::mqtt
