// What a client does with the packets of the server, and its keep-alive.
#include "mqtt/client_implementation.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace modax::mqtt {
namespace {

constexpr std::uint8_t k_first_refusal = 0x80;  // reason codes from here on are failures

ConnectPacket connect_packet(const ClientOptions& options, bool had_session) {
    ConnectPacket packet;
    packet.version = options.version;
    packet.clean_start = options.clean;
    packet.keep_alive = static_cast<std::uint16_t>(options.keep_alive.count());
    packet.client_id = options.client_id;
    if (options.will) {
        packet.will = Will{
            .topic = options.will->topic,
            .payload = options.will->payload,
            .qos = options.will->qos,
            .retain = options.will->retain,
            .properties = {}};
    }
    if (!options.user.empty()) packet.user = options.user;
    if (!options.password.empty()) packet.password = options.password.reveal();
    if (options.version == ProtocolVersion::v5) {
        // Our own session of a moment ago is not to be thrown away.
        packet.clean_start = options.clean && !had_session;
        packet.properties.session_expiry_interval =
            static_cast<std::uint32_t>(options.session_expiry.count());
        packet.properties.receive_maximum = options.receive_maximum;
        packet.properties.maximum_packet_size = static_cast<std::uint32_t>(options.max_packet_size);
    }
    return packet;
}

}  // namespace

void Client::Implementation::on_link_open() {
    encode(link_->out(), connect_packet(options_, had_session_));
    link_->schedule_write();
}

void Client::Implementation::on_frame(const Frame& frame) {
    last_read_ = Clock::now();
    ping_sent_.reset();
    if (state_ == State::connecting) {
        if (frame.type == PacketType::connack) {
            take_connack(frame);
        } else {
            fail_protocol(
                "a packet before CONNACK; is this an MQTT port?", ReasonCode::protocol_error
            );
        }
        return;
    }
    if (state_ != State::connected) return;
    switch (frame.type) {
        case PacketType::publish:
            take_publish(frame);
            break;
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp:
            take_ack(frame);
            break;
        case PacketType::suback:
            take_suback(frame);
            break;
        case PacketType::pingresp:
            break;
        case PacketType::disconnect:
            take_disconnect(frame);
            break;
        default:
            fail_protocol(
                "a packet of type " + std::to_string(static_cast<int>(frame.type)),
                ReasonCode::protocol_error
            );
    }
}

void Client::Implementation::take_connack(const Frame& frame) {
    const auto packet = decode_connack(frame, options_.version);
    if (!packet) {
        fail_protocol(packet.error().detail, packet.error().reason);
        return;
    }
    if (packet->reason != 0) {
        fail_connection(refusal(packet->reason));
        return;
    }
    const Properties& properties = packet->properties;
    ServerLimits limits;
    limits.receive_maximum = properties.receive_maximum.value_or(limits.receive_maximum);
    limits.maximum_qos = properties.maximum_qos.value_or(limits.maximum_qos);
    limits.maximum_packet_size =
        properties.maximum_packet_size.value_or(limits.maximum_packet_size);
    if (properties.assigned_client_identifier) {
        options_.client_id = std::string{*properties.assigned_client_identifier};
    }
    keep_alive_ = options_.keep_alive;
    if (properties.server_keep_alive) {
        keep_alive_ = std::chrono::seconds{*properties.server_keep_alive};
    }
    timer_.cancel();
    state_ = State::connected;
    ++connection_;
    had_session_ = true;
    connected_at_ = last_write_ = Clock::now();
    inbox_.connected(packet->session_present);
    outbox_.connected(limits, packet->session_present);
    if (paused_) link_->pause();
    arm_keep_alive();
    if (events_.on_connected) events_.on_connected(packet->session_present);
    pump();
}

Error Client::Implementation::refusal(std::uint8_t reason) const {
    const std::string begin = "the MQTT broker " + server() + " refuses the connection: ";
    const std::string user =
        options_.user.empty() ? "clients without a user name" : "user '" + options_.user + "'";
    const bool v5 = options_.version == ProtocolVersion::v5;
    // The return codes of 3.1.1 (table 3.1) as reason codes.
    constexpr std::array<ReasonCode, 6> k_of_3_1_1{
        ReasonCode::success,
        ReasonCode::unsupported_protocol_version,
        ReasonCode::client_identifier_not_valid,
        ReasonCode::server_unavailable,
        ReasonCode::bad_user_name_or_password,
        ReasonCode::not_authorized};
    // A server that knows no MQTT 5 answers with a code of 3.1.1.
    const auto code = reason < k_of_3_1_1.size() ? k_of_3_1_1[reason] : ReasonCode{reason};
    switch (code) {
        case ReasonCode::bad_user_name_or_password:
            return {Errc::unauthenticated, begin + user + " or the password is wrong"};
        case ReasonCode::not_authorized:
            return {
                Errc::permission_denied,
                begin + user + " may not connect; check user, password and the broker's rules"};
        case ReasonCode::client_identifier_not_valid:
            return {
                Errc::permission_denied,
                begin + "it does not accept the client id '" + options_.client_id + "'"};
        case ReasonCode::unsupported_protocol_version:
            return {
                Errc::unavailable,
                begin + "it does not speak MQTT " + (v5 ? "5; use 3.1.1" : "3.1.1; use 5")};
        default:
            return {
                Errc::unavailable,
                begin + "MQTT reason code " + std::to_string(static_cast<int>(reason))};
    }
}

void Client::Implementation::take_publish(const Frame& frame) {
    const auto packet = decode_publish(frame, options_.version);
    if (!packet) {
        fail_protocol(packet.error().detail, packet.error().reason);
        return;
    }
    if (packet->topic.empty()) {
        // We allow no topic alias (section 3.1.2.11.5: Topic Alias Maximum absent means 0).
        fail_protocol("a topic alias that was not allowed", ReasonCode::topic_alias_invalid);
        return;
    }
    // More messages than our Receive Maximum are taken: Mosquitto 2.0 with max_inflight_messages 0
    // sends them, and breaking the connection would only make it send them all again. The memory is
    // bounded by pause_reading().
    if (!inbox_.on_publish(*packet, link_->out())) {
        link_->schedule_write();
        return;
    }
    const ReceivedMessage message{
        .topic = packet->topic,
        .payload = packet->payload,
        .retain = packet->retain,
        .duplicate = packet->duplicate,
        .token = {connection_, packet->packet_id, packet->qos}};
    if (events_.on_message) events_.on_message(message);
    if (options_.acknowledge_automatically) acknowledge(message.token);
}

void Client::Implementation::take_ack(const Frame& frame) {
    const auto packet = decode_ack(frame, options_.version);
    if (!packet) {
        fail_protocol(packet.error().detail, packet.error().reason);
        return;
    }
    if (packet->type == PacketType::pubrel) {
        inbox_.on_pubrel(packet->packet_id, link_->out());
    } else {
        outbox_.on_ack(*packet, link_->out());
    }
    if (state_ != State::connected) return;  // a callback may have said good-bye
    pump();
    link_->schedule_write();
}

void Client::Implementation::take_suback(const Frame& frame) {
    const auto packet = decode_reason_list(frame, options_.version);
    if (!packet) {
        fail_protocol(packet.error().detail, packet.error().reason);
        return;
    }
    const auto found = subscribing_.find(packet->packet_id);
    if (found == subscribing_.end()) return;
    const auto done = std::move(found->second);
    subscribing_.erase(found);
    if (!done) return;
    const auto refused =
        std::find_if(packet->reasons.begin(), packet->reasons.end(), [](std::uint8_t reason) {
            return reason >= k_first_refusal;
        });
    if (refused == packet->reasons.end()) {
        done({});
        return;
    }
    const auto position = refused - packet->reasons.begin() + 1;
    done(fail(
        Errc::permission_denied,
        "the MQTT broker refused topic filter " + std::to_string(position) + " of " +
            std::to_string(packet->reasons.size()) + " (MQTT reason code " +
            std::to_string(static_cast<int>(*refused)) +
            "); check the filter and that the user may read it"
    ));
}

void Client::Implementation::take_disconnect(const Frame& frame) {
    const auto packet = decode_reason(frame, options_.version);
    if (!packet) {
        fail_protocol(packet.error().detail, packet.error().reason);
        return;
    }
    std::string why = "MQTT reason code " + std::to_string(static_cast<int>(packet->reason));
    if (packet->reason == ReasonCode::session_taken_over) {
        why = "another client has connected with the client id '" + options_.client_id +
              "'; give each its own";
    } else if (packet->reason == ReasonCode::server_shutting_down) {
        why = "it shuts down";
    }
    fail_connection(
        {Errc::unavailable, "the MQTT broker " + server() + " ended the connection: " + why}
    );
}

void Client::Implementation::on_read_end() {
    if (state_ == State::connected && events_.on_read_end) events_.on_read_end();
}

void Client::Implementation::on_write_begin() {
    last_write_ = Clock::now();
    outbox_.on_write_begin();
}

void Client::Implementation::on_written() {
    outbox_.on_written();
}

void Client::Implementation::on_link_failure(Error error) {
    fail_connection(std::move(error));
}

void Client::Implementation::arm_keep_alive() {
    if (keep_alive_.count() == 0) return;
    keep_alive_timer_.expires_after(keep_alive_ / 4);
    keep_alive_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (error || !alive || alive->state_ != State::connected) return;
        alive->check_keep_alive();
    });
}

void Client::Implementation::check_keep_alive() {
    const auto now = Clock::now();
    if (ping_sent_) {
        // While the socket isn't read, an answer can't be seen.
        if (paused_) ping_sent_ = now;
        if (now - *ping_sent_ >= keep_alive_) {
            fail_connection(
                {Errc::timed_out,
                 "the MQTT broker " + server() + " does not answer any more; check the network"}
            );
            return;
        }
    } else if (now - std::min(last_write_, last_read_) >= keep_alive_ / 2) {
        encode_ping(link_->out(), PacketType::pingreq);
        link_->schedule_write();
        ping_sent_ = now;
    }
    arm_keep_alive();
}

}  // namespace modax::mqtt
