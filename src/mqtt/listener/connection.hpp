// One client's connection: cuts its bytes into packets, answers them, and writes what its session
// sends. Kept alive by the Broker and by operations under way; runs on the io_context's thread.
#pragma once

#include "core/token_bucket.hpp"
#include "mqtt/codec/packets.hpp"
#include "mqtt/listener/broker.hpp"
#include "mqtt/listener/session.hpp"
#include "mqtt/listener/transport.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace modax::mqtt {

class Connection final : public TransportOwner,
                         public Outlet,
                         public std::enable_shared_from_this<Connection> {
public:
    struct Peer {
        std::string address;
        bool loopback = false;
    };
    Connection(
        std::uint64_t number, std::unique_ptr<Transport> transport, Peer peer, Broker& broker
    );

    std::uint64_t number() const { return number_; }
    const Peer& peer() const { return peer_; }
    Session* session() { return session_; }

    void start();
    // The store has the message: PUBACK or PUBREC.
    void acknowledge(std::uint16_t packet_id, std::uint8_t qos);
    // Ends the connection from this side; the will is published.
    void disconnect(ReasonCode reason, std::string_view detail);
    void tick(SteadyTime now);
    // Ends when the user is gone or may do something else now.
    void recheck();
    void flush();
    // False: there is still no room.
    bool try_resume(SteadyTime now);

    // TransportOwner
    void on_open() override;
    void on_read(std::size_t size) override;
    void on_written() override;
    void on_failure(const std::string& reason) override;
    // Outlet
    void send_publish(OutgoingPublish packet) override;
    void send_ack(PacketType type, std::uint16_t packet_id, ReasonCode reason) override;
    bool congested() const override;

private:
    enum class State : std::uint8_t {
        opening,
        awaiting_connect,
        authenticating,
        connected,
        closed
    };
    using Handled = Decoded<void>;

    // connection.cpp
    void read_more();
    void process();
    Handled handle(const Frame& frame);
    Handled handle_ping(const Frame& frame);
    Handled handle_ack(const Frame& frame);
    Handled handle_disconnect(const Frame& frame);
    bool must_pause(const Frame& frame);
    void pause();
    void make_room();
    std::string& output();
    void close(std::string_view why, bool with_will);
    void close_after_write();
    void leave(bool with_will);

    // connection_connect.cpp
    Handled handle_connect(const Frame& frame);
    std::optional<ReasonCode> remember(const ConnectPacket& packet);
    void authenticated(const Result<Principal>& principal);
    void accept_session(const Broker::Admission& admission);
    void refuse(ReasonCode reason, std::string_view detail);
    // For the audit log.
    AuditEntry record(std::string_view action, std::string object) const;

    // connection_publish.cpp
    Handled handle_publish(const Frame& frame);
    Handled resolve_alias(PublishPacket& packet);
    std::optional<ReasonCode> refusal(const PublishPacket& packet);
    static std::optional<ReasonCode> payload_refusal(const PublishPacket& packet);
    Handled take(const PublishPacket& packet);
    void answer_later(const PublishPacket& packet, ReasonCode reason);

    // connection_subscribe.cpp
    Handled handle_subscribe(const Frame& frame);
    Handled handle_unsubscribe(const Frame& frame);
    void audit_subscription(std::string_view filter, ReasonCode reason);
    ReasonCode check_filter(const SubscriptionRequest& request) const;

    const std::uint64_t number_;
    std::unique_ptr<Transport> transport_;
    const Peer peer_;
    Broker& broker_;
    State state_ = State::opening;

    // Input: bytes [begin_, end_) of the buffer are not handled yet.
    std::vector<char> input_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool reading_ = false;
    bool paused_ = false;
    SteadyTime paused_since_;
    SteadyTime last_heard_;

    // Output: `out_` collects, `writing_` is under way.
    std::string out_;
    std::string writing_;
    bool write_under_way_ = false;
    bool flush_wanted_ = false;
    bool close_after_write_ = false;

    // From CONNECT.
    ProtocolVersion version_ = ProtocolVersion::v3_1_1;
    OutletLimits limits_;
    std::string client_id_;
    bool client_id_assigned_ = false;
    bool clean_start_ = true;
    std::uint32_t expiry_interval_ = 0;  // seconds
    std::uint16_t keep_alive_ = 0;       // seconds
    bool keep_alive_overridden_ = false;
    std::uint16_t client_alias_maximum_ = 0;
    std::optional<WillMessage> will_;
    MqttCredentials credentials_;
    Principal principal_;
    Session* session_ = nullptr;

    // PUBLISH from the client.
    std::optional<TokenBucket> quota_;  // messages; none: no limit
    std::size_t unacknowledged_ = 0;    // tokens the store has not given back
    std::size_t unacknowledged_qos_1_ = 0;
    std::string allowed_topic_;         // the last one; most clients have only one
    std::vector<std::string> aliases_;  // by alias - 1
    std::unordered_map<std::uint16_t, ReasonCode> answers_;  // other than success, by packet id
    bool patience_over_ = false;  // QoS 0 has waited long enough for room
    // PUBLISH to the client.
    std::unordered_map<std::string, std::uint16_t> client_aliases_;
};

}  // namespace modax::mqtt
