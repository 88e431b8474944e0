#include "mqtt/listener/connection.hpp"

#include "core/log.hpp"
#include "ingest/intake.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

namespace modax::mqtt {
namespace {

constexpr std::size_t k_first_buffer = 4 * 1024;
constexpr std::size_t k_largest_idle_buffer = 64 * 1024;
// How long QoS 0 waits for room before it is dropped (PROMISES P3).
constexpr std::chrono::seconds k_qos_0_patience{5};

}  // namespace

Connection::Connection(
    std::uint64_t number, std::unique_ptr<Transport> transport, Peer peer, Broker& broker
)
    : number_{number},
      transport_{std::move(transport)},
      peer_{std::move(peer)},
      broker_{broker},
      paused_since_{broker.parts().clock.steady_now()},
      last_heard_{paused_since_} {
    if (const unsigned rate = broker.options().max_publish_rate; rate > 0) {
        quota_.emplace(rate, rate, last_heard_);
    }
}

void Connection::start() {
    transport_->open(weak_from_this());
}

void Connection::on_open() {
    if (state_ != State::opening) return;
    state_ = State::awaiting_connect;
    credentials_.certificate_subject = transport_->certificate_subject();
    input_.resize(k_first_buffer);
    read_more();
}

// Room behind end_, at the cost of moving what is left to the front.
void Connection::make_room() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        return;
    }
    if (begin_ > 0) {
        std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == input_.size()) {
        input_.resize(
            std::min(input_.size() * 2, broker_.options().max_packet_size + k_first_buffer)
        );
    }
}

void Connection::read_more() {
    if (reading_ || paused_ || state_ == State::closed || close_after_write_) return;
    // While a password is checked, what the client sends waits in the socket.
    if (state_ == State::authenticating) return;
    make_room();
    reading_ = true;
    transport_->read(input_.data() + end_, input_.size() - end_);
}

void Connection::on_read(std::size_t size) {
    reading_ = false;
    if (state_ == State::closed) return;
    Counters::add(broker_.counters().bytes_received, size);
    last_heard_ = broker_.parts().clock.steady_now();
    // A full read means that there is more: take larger bites.
    const bool filled = end_ + size == input_.size();
    end_ += size;
    process();
    if (filled && input_.size() < k_largest_idle_buffer && state_ == State::connected) {
        make_room();
        input_.resize(input_.size() * 2);
    }
    broker_.end_turn();
    read_more();
}

void Connection::process() {
    try {
        while (state_ != State::closed && state_ != State::authenticating && !close_after_write_) {
            const std::string_view bytes{input_.data() + begin_, end_ - begin_};
            const auto frame = next_frame(bytes, broker_.options().max_packet_size);
            if (!frame) {
                disconnect(frame.error().reason, frame.error().detail);
                return;
            }
            if (!*frame) return;
            if (must_pause(**frame)) {
                pause();
                return;
            }
            begin_ += (*frame)->size;
            if (const auto handled = handle(**frame); !handled) {
                disconnect(handled.error().reason, handled.error().detail);
            }
        }
    } catch (const std::exception& error) {
        broker_.parts().log.error(
            "mqtt",
            "a packet could not be handled; the connection is closed",
            {{"client", client_id_}, {"address", peer_.address}, {"error", error.what()}}
        );
        disconnect(ReasonCode::implementation_specific_error, error.what());
    }
}

void Connection::pause() {
    if (paused_) return;
    paused_ = true;
    paused_since_ = broker_.parts().clock.steady_now();
    broker_.paused(*this);
}

// Whether the packet must wait for room in the store's queue.
bool Connection::must_pause(const Frame& frame) {
    using Lane = GroupWriter::Lane;
    if (frame.type != PacketType::publish) return false;
    const ingest::Intake& intake = broker_.intake();
    const bool acknowledged = (frame.flags >> 1U & 3U) != 0;
    if (acknowledged) {
        // Version 3.1.1 has no word for it.
        const bool must_wait = quota_ && version_ != ProtocolVersion::v5 &&
                               quota_->empty(broker_.parts().clock.steady_now());
        if (must_wait) return true;
        // A version 5 client that sends too much is told with Receive Maximum exceeded.
        return intake.full(Lane::acknowledged) ||
               (version_ != ProtocolVersion::v5 &&
                unacknowledged_ >= broker_.options().receive_maximum);
    }
    if (!intake.full(Lane::fire_and_forget)) {
        patience_over_ = false;
        return false;
    }
    if (paused_ && broker_.parts().clock.steady_now() - paused_since_ >= k_qos_0_patience) {
        // From now on, what finds no room is dropped and counted.
        patience_over_ = true;
    }
    return !patience_over_;
}

bool Connection::try_resume(SteadyTime now) {
    if (state_ == State::closed || !paused_) return true;
    // What it paused for is the next packet, complete and valid.
    const std::string_view bytes{input_.data() + begin_, end_ - begin_};
    const auto frame = next_frame(bytes, broker_.options().max_packet_size);
    if (frame && *frame && must_pause(**frame)) return false;
    paused_ = false;
    last_heard_ = now;
    process();
    read_more();
    return true;
}

Connection::Handled Connection::handle(const Frame& frame) {
    if (state_ == State::awaiting_connect) {
        if (frame.type != PacketType::connect)
            return violation("the first packet must be CONNECT (3.1)");
        return handle_connect(frame);
    }
    switch (frame.type) {
        case PacketType::publish:
            return handle_publish(frame);
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp:
            return handle_ack(frame);
        case PacketType::subscribe:
            return handle_subscribe(frame);
        case PacketType::unsubscribe:
            return handle_unsubscribe(frame);
        case PacketType::pingreq:
            return handle_ping(frame);
        case PacketType::disconnect:
            return handle_disconnect(frame);
        case PacketType::connect:
            return violation("second CONNECT (3.1)");
        case PacketType::auth:
            return violation("AUTH without an authentication method (3.15)");
        default:
            return violation("packet type that only a server sends (2.1.2)");
    }
}

Connection::Handled Connection::handle_ping(const Frame& frame) {
    if (auto checked = check_ping(frame); !checked) return checked;
    encode_ping(output(), PacketType::pingresp);
    return {};
}

Connection::Handled Connection::handle_ack(const Frame& frame) {
    const auto ack = decode_ack(frame, version_);
    if (!ack) return tl::make_unexpected(ack.error());
    if (ack->type != PacketType::pubrel) {
        session_->on_ack(*ack);
        return {};
    }
    const bool held = session_->release(ack->packet_id);
    send_ack(
        PacketType::pubcomp,
        ack->packet_id,
        held ? ReasonCode::success : ReasonCode::packet_identifier_not_found
    );
    return {};
}

Connection::Handled Connection::handle_disconnect(const Frame& frame) {
    const auto packet = decode_reason(frame, version_);
    if (!packet) return tl::make_unexpected(packet.error());
    if (const auto expiry = packet->properties.session_expiry_interval) {
        if (expiry_interval_ == 0 && *expiry != 0) {
            return violation("session expiry can't be raised from 0 (3.14.2.2.2)");
        }
        const auto most = static_cast<std::uint32_t>(broker_.options().max_session_expiry.count());
        session_->set_expiry_interval(std::min(*expiry, most));
    }
    // Section 3.1.2.5: only a normal disconnection takes the will back.
    close("client said good-bye", packet->reason != ReasonCode::success);
    return {};
}

void Connection::acknowledge(std::uint16_t packet_id, std::uint8_t qos) {
    if (state_ != State::connected || close_after_write_) return;
    --unacknowledged_;
    if (qos == 1) --unacknowledged_qos_1_;
    auto reason = ReasonCode::success;
    if (!answers_.empty()) {
        const auto answer = answers_.find(packet_id);
        if (answer != answers_.end()) {
            reason = answer->second;
            answers_.erase(answer);
        }
    }
    send_ack(qos == 1 ? PacketType::puback : PacketType::pubrec, packet_id, reason);
}

std::string& Connection::output() {
    if (!flush_wanted_) {
        flush_wanted_ = true;
        broker_.wants_flush(*this);
    }
    return out_;
}

void Connection::send_ack(PacketType type, std::uint16_t packet_id, ReasonCode reason) {
    encode_ack(output(), type, packet_id, reason, version_);
}

void Connection::send_publish(OutgoingPublish packet) {
    if (version_ == ProtocolVersion::v5 && client_alias_maximum_ > 0) {
        const auto known = client_aliases_.find(std::string{packet.topic});
        if (known != client_aliases_.end()) {
            packet.topic_alias = known->second;
            packet.topic = {};
        } else if (client_aliases_.size() < client_alias_maximum_) {
            const auto alias = static_cast<std::uint16_t>(client_aliases_.size() + 1);
            client_aliases_.emplace(packet.topic, alias);
            packet.topic_alias = alias;
        }
    }
    encode_publish_head(output(), packet, version_);
    out_ += packet.payload;
}

bool Connection::congested() const {
    return out_.size() + writing_.size() > broker_.options().max_unsent_bytes;
}

void Connection::flush() {
    flush_wanted_ = false;
    if (write_under_way_ || out_.empty() || state_ == State::closed) return;
    std::swap(out_, writing_);
    write_under_way_ = true;
    Counters::add(broker_.counters().bytes_sent, writing_.size());
    transport_->write(writing_);
}

void Connection::on_written() {
    write_under_way_ = false;
    writing_.clear();
    if (writing_.capacity() > k_largest_idle_buffer) writing_.shrink_to_fit();
    if (!out_.empty()) {
        flush();
    } else if (close_after_write_) {
        close("closed by the gateway", true);
    }
}

void Connection::on_failure(const std::string& reason) {
    close(reason, true);
}

void Connection::disconnect(ReasonCode reason, std::string_view detail) {
    if (state_ == State::closed || close_after_write_) return;
    const bool was_connected = state_ == State::connected;
    if (reason == ReasonCode::malformed_packet || reason == ReasonCode::protocol_error) {
        Counters::add(broker_.counters().protocol_errors);
    }
    broker_.parts().log.info(
        "mqtt",
        "connection closed",
        {{"client", client_id_}, {"address", peer_.address}, {"reason", std::string{detail}}}
    );
    if (was_connected && version_ == ProtocolVersion::v5) {
        ReasonPacket packet;
        packet.reason = reason;
        constexpr std::size_t k_around = 16;  // what a DISCONNECT has besides the sentence
        if (detail.size() + k_around <= limits_.maximum_packet_size) {
            packet.properties.reason_string = detail;
        }
        encode(output(), packet, version_);
        leave(true);
        close_after_write();
    } else {
        close(detail, true);
    }
}

void Connection::close_after_write() {
    close_after_write_ = true;
    flush();
}

void Connection::close(std::string_view why, bool with_will) {
    if (state_ == State::closed) return;
    const auto alive = shared_from_this();
    broker_.parts().log.debug(
        "mqtt",
        "connection is over",
        {{"client", client_id_}, {"address", peer_.address}, {"why", std::string{why}}}
    );
    state_ = State::closed;
    transport_->close();
    leave(with_will);
    broker_.closed(*this);
    broker_.end_turn();
}

void Connection::leave(bool with_will) {
    if (session_ == nullptr) return;
    Session& session = *std::exchange(session_, nullptr);
    if (!with_will) will_.reset();
    broker_.left(session, std::exchange(will_, std::nullopt));
}

void Connection::recheck() {
    if (state_ != State::connected) return;
    if (broker_.parts().authenticator.may_stay(principal_)) return;
    disconnect(ReasonCode::administrative_action, "the user was removed or changed");
}

void Connection::tick(SteadyTime now) {
    if (state_ == State::opening || state_ == State::awaiting_connect) {
        if (now - last_heard_ > broker_.options().connect_timeout)
            close("no CONNECT in time", false);
        return;
    }
    if (close_after_write_) {
        // The client does not even read its DISCONNECT.
        if (now - last_heard_ > broker_.options().connect_timeout) close("not reading", true);
        return;
    }
    if (state_ != State::connected || keep_alive_ == 0 || paused_) return;
    // Section 3.1.2.10: one and a half times the interval.
    if (now - last_heard_ > std::chrono::milliseconds{1500} * keep_alive_) {
        disconnect(
            ReasonCode::keep_alive_timeout, "nothing heard within 1.5 x keep alive (3.1.2.10)"
        );
    }
}

}  // namespace modax::mqtt
