#include "mqtt/listener/session.hpp"

#include <algorithm>
#include <utility>

namespace modax::mqtt {

Session::Session(std::string client_id, Principal owner, SessionEnvironment environment)
    : client_id_{std::move(client_id)}, owner_{std::move(owner)}, environment_{environment} {}

void Session::set_expiry_interval(std::uint32_t seconds) {
    const bool was_persistent = persistent();
    expiry_interval_ = seconds;
    if (persistent()) {
        save();
    } else if (was_persistent) {
        environment_.intake.add(SessionRemoved{client_id_});
    }
}

void Session::save() {
    environment_.intake.add(SessionSaved{
        client_id_,
        static_cast<std::uint8_t>(limits_.version),
        expiry_interval_,
        expires_,
        owner_.kind + ':' + owner_.name});
}

void Session::attach(Outlet& outlet, const OutletLimits& limits) {
    outlet_ = &outlet;
    limits_ = limits;
    expires_.reset();
    if (persistent()) save();
    for (Waiting& waiting : inflight_) waiting.to_resend = true;
    to_resend_ = inflight_.size();
    resend();
    pump();
}

// Sends again what was in flight, as far as the window of this connection allows: it may be smaller
// than that of the last one (section 3.3.4).
void Session::resend() {
    if (to_resend_ == 0) return;
    std::size_t under_way = inflight_.size() - to_resend_;
    for (auto waiting = inflight_.begin(); waiting != inflight_.end();) {
        if (under_way >= limits_.receive_maximum) return;
        if (!waiting->to_resend) {
            ++waiting;
            continue;
        }
        waiting->to_resend = false;
        --to_resend_;
        if (waiting->released) {
            outlet_->send_ack(PacketType::pubrel, waiting->packet_id, ReasonCode::success);
        } else if (!send(*waiting, true)) {
            forget(*waiting);
            waiting = inflight_.erase(waiting);
            continue;
        }
        ++under_way;
        ++waiting;
    }
}

void Session::detach() {
    outlet_ = nullptr;
    if (!persistent()) return;
    if (expiry_interval_ != k_never_expires) {
        expires_ = environment_.clock.now() + std::chrono::seconds{expiry_interval_};
    }
    save();
    persist_unacknowledged();
}

std::size_t Session::bytes_of(const Delivery& delivery) {
    return delivery.message->topic->size() + delivery.message->payload->size() +
           delivery.message->properties.size();
}

OutgoingPublish Session::outgoing(const Delivery& delivery, Timestamp now) const {
    const Message& message = *delivery.message;
    OutgoingPublish packet;
    packet.topic = *message.topic;
    packet.payload = *message.payload;
    packet.forwarded_properties = message.properties;
    if (message.expires) {
        // Section 3.3.2.3.3: what is left of the interval.
        const auto left = std::chrono::ceil<std::chrono::seconds>(*message.expires - now).count();
        packet.message_expiry_interval =
            static_cast<std::uint32_t>(std::max<std::int64_t>(left, 0));
    }
    packet.subscription_identifiers = delivery.identifiers;
    packet.qos = delivery.qos;
    packet.retain = delivery.retain;
    return packet;
}

void Session::send_qos_0(const Delivery& delivery) {
    if (outlet_->congested()) {
        Counters::add(environment_.counters.dropped_slow);
        return;
    }
    const auto packet = outgoing(delivery, environment_.clock.now());
    if (encoded_size(packet, limits_.version) > limits_.maximum_packet_size) {
        Counters::add(environment_.counters.dropped_size);
        return;
    }
    Counters::add(environment_.counters.sent[0]);
    outlet_->send_publish(packet);
}

void Session::deliver(Delivery delivery) {
    if (delivery.qos == 0) {
        if (outlet_ != nullptr) send_qos_0(delivery);
        return;
    }
    if (outlet_ == nullptr && !persistent()) return;
    const std::size_t bytes = bytes_of(delivery);
    if (queue_.size() >= environment_.limits.max_queued_messages ||
        queued_bytes_ + bytes > environment_.limits.max_queued_bytes) {
        Counters::add(environment_.counters.dropped_queue);
        return;
    }
    queued_bytes_ += bytes;
    queue_.push_back(Waiting{std::move(delivery), ++last_number_});
    if (outlet_ == nullptr) {
        persist(queue_.back());
    } else {
        pump();
    }
}

// Moves messages from the queue into flight as far as the client's window allows.
void Session::pump() {
    while (outlet_ != nullptr && !queue_.empty() && inflight_.size() < limits_.receive_maximum) {
        Waiting waiting = std::move(queue_.front());
        queue_.pop_front();
        queued_bytes_ -= bytes_of(waiting.delivery);
        waiting.packet_id = next_packet_id();
        if (send(waiting, false)) {
            inflight_.push_back(std::move(waiting));
        } else {
            forget(waiting);
        }
    }
}

// False: the message must not be sent (expired, or larger than the client takes).
bool Session::send(Waiting& waiting, bool duplicate) {
    const auto now = environment_.clock.now();
    const auto& expires = waiting.delivery.message->expires;
    if (!duplicate && expires && *expires <= now) {
        Counters::add(environment_.counters.dropped_expired);
        return false;
    }
    auto packet = outgoing(waiting.delivery, now);
    packet.packet_id = waiting.packet_id;
    packet.duplicate = duplicate;
    if (encoded_size(packet, limits_.version) > limits_.maximum_packet_size) {
        Counters::add(environment_.counters.dropped_size);
        return false;
    }
    Counters::add(environment_.counters.sent[packet.qos]);
    outlet_->send_publish(packet);
    return true;
}

std::uint16_t Session::next_packet_id() {
    do {
        ++last_packet_id_;
    } while (last_packet_id_ == 0 || find_inflight(last_packet_id_) != inflight_.end());
    return last_packet_id_;
}

std::deque<Session::Waiting>::iterator Session::find_inflight(std::uint16_t packet_id) {
    // Acknowledgements come in order, so it is nearly always the first.
    return std::find_if(inflight_.begin(), inflight_.end(), [packet_id](const Waiting& waiting) {
        return waiting.packet_id == packet_id;
    });
}

void Session::on_ack(const AckPacket& ack) {
    const auto inflight = find_inflight(ack.packet_id);
    const bool known = inflight != inflight_.end();
    if (ack.type == PacketType::pubrec && ack.reason < ReasonCode::unspecified_error) {
        // A PUBREL answers every PUBREC, so that both sides come to the same state.
        const bool qos_2 = known && inflight->delivery.qos == 2;
        if (qos_2) inflight->released = true;
        outlet_->send_ack(
            PacketType::pubrel,
            ack.packet_id,
            qos_2 ? ReasonCode::success : ReasonCode::packet_identifier_not_found
        );
        return;
    }
    if (!known) return;
    const bool expected = ack.type == PacketType::pubrec ||
                          (ack.type == PacketType::puback && inflight->delivery.qos == 1) ||
                          (ack.type == PacketType::pubcomp && inflight->released);
    if (expected) finish(inflight);
}

void Session::finish(std::deque<Waiting>::iterator inflight) {
    forget(*inflight);
    if (inflight->to_resend) --to_resend_;
    inflight_.erase(inflight);
    resend();
    pump();
}

void Session::forget(const Waiting& waiting) {
    if (waiting.persisted) environment_.intake.add(MessageDone{client_id_, waiting.number});
}

void Session::persist(Waiting& waiting) {
    if (waiting.persisted || !persistent()) return;
    waiting.persisted = true;
    const Message& message = *waiting.delivery.message;
    environment_.intake.add(MessageQueued{
        client_id_,
        waiting.number,
        BrokerMessage{
            *message.topic,
            *message.payload,
            waiting.delivery.qos,
            message.properties,
            message.expires},
        waiting.delivery.retain,
        waiting.delivery.identifiers});
}

void Session::persist_unacknowledged() {
    for (Waiting& waiting : inflight_) persist(waiting);
    for (Waiting& waiting : queue_) persist(waiting);
}

bool Session::hold(std::uint16_t packet_id) {
    if (!inbound_.insert(packet_id).second) return false;
    if (persistent()) environment_.intake.add(InboundHeld{client_id_, packet_id});
    return true;
}

bool Session::release(std::uint16_t packet_id) {
    if (inbound_.erase(packet_id) == 0) return false;
    if (persistent()) environment_.intake.add(InboundReleased{client_id_, packet_id});
    return true;
}

void Session::subscribed(std::string_view filter, Subscribed subscribed) {
    subscriptions_.insert_or_assign(std::string{filter}, subscribed);
    if (!persistent()) return;
    environment_.intake.add(SubscriptionSaved{
        client_id_, std::string{filter}, subscribed.options, subscribed.identifier});
}

void Session::unsubscribed(std::string_view filter) {
    const auto known = subscriptions_.find(filter);
    if (known == subscriptions_.end()) return;
    if (persistent()) environment_.intake.add(SubscriptionRemoved{client_id_, std::string{filter}});
    subscriptions_.erase(known);
}

void Session::restore(const SessionSaved& saved) {
    limits_.version = static_cast<ProtocolVersion>(saved.protocol_version);
    expiry_interval_ = saved.expiry_interval;
    expires_ = saved.expires;
    // It was connected when the gateway ended, so its time begins now.
    if (!expires_ && expiry_interval_ != k_never_expires) {
        expires_ = environment_.clock.now() + std::chrono::seconds{expiry_interval_};
    }
}

void Session::restore(const SubscriptionSaved& saved) {
    subscriptions_[saved.filter] = Subscribed{saved.options, saved.identifier};
}

void Session::restore(const MessageQueued& saved) {
    Message message;
    message.topic = std::make_shared<const std::string>(saved.message.topic);
    message.payload = std::make_shared<const std::string>(saved.message.payload);
    message.qos = saved.message.qos;
    message.properties = saved.message.properties;
    message.expires = saved.message.expires;
    Delivery delivery{
        std::make_shared<const Message>(std::move(message)),
        saved.message.qos,
        saved.retain,
        saved.subscription_identifiers};
    queued_bytes_ += bytes_of(delivery);
    queue_.push_back(Waiting{std::move(delivery), saved.number, true});
    last_number_ = std::max(last_number_, saved.number);
}

}  // namespace modax::mqtt
