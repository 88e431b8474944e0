// PUBLISH from the client (MQTT 5, section 3.3). Nothing is acknowledged here: the answer waits for
// the store, also on topics that are not ingested, so that answers keep the order of arrival.
#include "core/log.hpp"
#include "ingest/intake.hpp"
#include "mqtt/codec/topic.hpp"
#include "mqtt/listener/connection.hpp"

#include <utility>

namespace modax::mqtt {

Connection::Handled Connection::handle_publish(const Frame& frame) {
    auto packet = decode_publish(frame, version_);
    if (!packet) return tl::make_unexpected(std::move(packet.error()));
    if (!packet->properties.subscription_identifiers.empty()) {
        return violation("only a server sends subscription identifiers (3.3.4)");
    }
    if (packet->properties.topic_alias) {
        if (auto resolved = resolve_alias(*packet); !resolved) return resolved;
    }
    Counters::add(broker_.counters().received[packet->qos]);
    if (packet->qos > 0 && version_ == ProtocolVersion::v5 && !session_->holds(packet->packet_id) &&
        unacknowledged_qos_1_ + session_->held() >= broker_.options().receive_maximum) {
        return tl::make_unexpected(ProtocolError{
            ReasonCode::receive_maximum_exceeded, "more messages in flight than allowed (3.3.4)"});
    }
    if (const auto refused = refusal(*packet)) {
        if (*refused == ReasonCode::not_authorized) {
            AuditEntry entry = record("topic.publish", "topic:" + std::string{packet->topic});
            entry.result = AuditEntry::Result::refused;
            broker_.parts().audit.refusal(std::move(entry));
        }
        // 3.1.1 has no way to say no; an acknowledgement would be a lie.
        if (version_ == ProtocolVersion::v3_1_1) {
            return tl::make_unexpected(ProtocolError{
                *refused, "publishing to '" + std::string{packet->topic} + "' is refused"});
        }
        answer_later(*packet, *refused);
        return {};
    }
    const bool taken_before = packet->qos == 2 && session_->holds(packet->packet_id);
    if (quota_ && !taken_before && !quota_->take(broker_.parts().clock.steady_now()).taken) {
        Counters::add(broker_.counters().over_quota);
        answer_later(*packet, ReasonCode::quota_exceeded);
        return {};
    }
    return take(*packet);
}

Connection::Handled Connection::resolve_alias(PublishPacket& packet) {
    const std::uint16_t alias = *packet.properties.topic_alias;
    if (alias > broker_.options().topic_alias_maximum) {
        return tl::make_unexpected(ProtocolError{
            ReasonCode::topic_alias_invalid, "topic alias too large (3.3.2.3.4)"});
    }
    if (aliases_.size() < alias) aliases_.resize(alias);
    std::string& topic = aliases_[alias - 1U];
    if (!packet.topic.empty()) {
        topic = packet.topic;
    } else if (topic.empty()) {
        return tl::make_unexpected(ProtocolError{
            ReasonCode::protocol_error, "unknown topic alias (3.3.2.3.4)"});
    } else {
        packet.topic = topic;
    }
    return {};
}

std::optional<ReasonCode> Connection::refusal(const PublishPacket& packet) {
    const ListenerOptions& options = broker_.options();
    if (packet.topic == allowed_topic_) return payload_refusal(packet);
    if (packet.topic.size() > options.max_topic_length ||
        level_count(packet.topic) > options.max_topic_levels) {
        return ReasonCode::topic_name_invalid;
    }
    if (packet.topic.starts_with('$') ||
        !broker_.parts().authenticator.may_publish(principal_, packet.topic)) {
        return ReasonCode::not_authorized;
    }
    allowed_topic_ = packet.topic;
    return payload_refusal(packet);
}

std::optional<ReasonCode> Connection::payload_refusal(const PublishPacket& packet) {
    if (packet.properties.payload_format_indicator == std::uint8_t{1} &&
        !is_valid_utf8(packet.payload)) {
        return ReasonCode::payload_format_invalid;
    }
    return std::nullopt;
}

Connection::Handled Connection::take(const PublishPacket& packet) {
    // QoS 2: a packet id that is held was taken before; only the answer is owed.
    if (packet.qos == 2 && !session_->hold(packet.packet_id)) {
        answer_later(packet, ReasonCode::success);
        return {};
    }
    ingest::Intake& intake = broker_.intake();
    if (intake.is_ingest_topic(packet.topic)) {
        std::optional<AckToken> token;
        if (packet.qos > 0) {
            token = AckToken{&broker_.acks(), number_, packet.packet_id, packet.qos};
            ++unacknowledged_;
            if (packet.qos == 1) ++unacknowledged_qos_1_;
        }
        intake.accept({packet.topic, packet.payload, packet.qos, client_id_}, token);
        return {};
    }
    Message message;
    message.topic = std::make_shared<const std::string>(packet.topic);
    message.payload = std::make_shared<const std::string>(packet.payload);
    message.qos = packet.qos;
    message.retain = packet.retain;
    message.properties = forwarded_properties(packet.properties);
    if (const auto expiry = packet.properties.message_expiry_interval) {
        message.expires = broker_.parts().clock.now() + std::chrono::seconds{*expiry};
    }
    switch (broker_.route(std::make_shared<const Message>(std::move(message)), session_)) {
        case Broker::Routed::delivered:
            answer_later(packet, ReasonCode::success);
            break;
        case Broker::Routed::nobody:
            answer_later(packet, ReasonCode::no_matching_subscribers);
            break;
        case Broker::Routed::retain_refused:
            if (packet.qos == 2) session_->release(packet.packet_id);
            answer_later(packet, ReasonCode::quota_exceeded);
            break;
    }
    return {};
}

void Connection::answer_later(const PublishPacket& packet, ReasonCode reason) {
    if (packet.qos == 0) return;
    if (reason != ReasonCode::success) answers_[packet.packet_id] = reason;
    ++unacknowledged_;
    if (packet.qos == 1) ++unacknowledged_qos_1_;
    broker_.intake().add(AckToken{&broker_.acks(), number_, packet.packet_id, packet.qos});
}

}  // namespace modax::mqtt
