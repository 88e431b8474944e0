// SUBSCRIBE and UNSUBSCRIBE (MQTT 5, sections 3.8 and 3.10).
#include "mqtt/codec/topic.hpp"
#include "mqtt/listener/connection.hpp"

#include <algorithm>

namespace modax::mqtt {
namespace {

bool has_top_level_wildcard(std::string_view filter) {
    return filter.starts_with('#') || filter.starts_with('+');
}

}  // namespace

ReasonCode Connection::check_filter(const SubscriptionRequest& request) const {
    const ListenerOptions& options = broker_.options();
    std::string_view filter = request.filter;
    if (is_shared(filter)) {
        const auto shared = parse_shared(filter);
        if (!shared) return ReasonCode::topic_filter_invalid;
        filter = shared->filter;
    }
    if (!is_valid_topic_filter(filter) || filter.size() > options.max_topic_length ||
        level_count(filter) > options.max_topic_levels) {
        return ReasonCode::topic_filter_invalid;
    }
    if (filter.starts_with('$') ||
        (has_top_level_wildcard(filter) && !options.allow_top_level_wildcard) ||
        !broker_.parts().authenticator.may_subscribe(principal_, request.filter)) {
        return ReasonCode::not_authorized;
    }
    const auto& known = session_->subscriptions();
    if (known.size() >= options.max_subscriptions && known.find(request.filter) == known.end()) {
        return ReasonCode::quota_exceeded;
    }
    return static_cast<ReasonCode>(request.qos());
}

void Connection::audit_subscription(std::string_view filter, ReasonCode reason) {
    AuditEntry entry = record("topic.subscribe", "topic:" + std::string{filter});
    if (reason < ReasonCode::unspecified_error) {
        broker_.parts().audit.access(std::move(entry));
        return;
    }
    entry.result = AuditEntry::Result::refused;
    broker_.parts().audit.refusal(std::move(entry));
}

Connection::Handled Connection::handle_subscribe(const Frame& frame) {
    const auto packet = decode_subscribe(frame, version_);
    if (!packet) return tl::make_unexpected(packet.error());
    const auto& identifiers = packet->properties.subscription_identifiers;
    const std::uint32_t identifier = identifiers.empty() ? 0 : identifiers.front();

    ReasonListPacket answer;
    answer.type = PacketType::suback;
    answer.packet_id = packet->packet_id;
    std::vector<const SubscriptionRequest*> wants_retained;
    for (const SubscriptionRequest& request : packet->requests) {
        const auto reason = check_filter(request);
        audit_subscription(request.filter, reason);
        answer.reasons.push_back(static_cast<std::uint8_t>(reason));
        if (reason >= ReasonCode::unspecified_error) continue;
        const auto& known = session_->subscriptions();
        const bool is_new = known.find(request.filter) == known.end();
        broker_.subscribe(*session_, request.filter, {request.options, identifier});
        const bool wanted =
            request.retain_handling() == 0 || (request.retain_handling() == 1 && is_new);
        if (wanted && !is_shared(request.filter)) wants_retained.push_back(&request);
    }
    encode(output(), answer, version_);
    for (const SubscriptionRequest* request : wants_retained) {
        broker_.send_retained(*session_, request->filter, request->options, identifier);
    }
    return {};
}

Connection::Handled Connection::handle_unsubscribe(const Frame& frame) {
    const auto packet = decode_unsubscribe(frame, version_);
    if (!packet) return tl::make_unexpected(packet.error());
    ReasonListPacket answer;
    answer.type = PacketType::unsuback;
    answer.packet_id = packet->packet_id;
    for (const std::string_view filter : packet->filters) {
        const bool existed = broker_.unsubscribe(*session_, filter);
        answer.reasons.push_back(static_cast<std::uint8_t>(
            existed ? ReasonCode::success : ReasonCode::no_subscription_existed
        ));
    }
    encode(output(), answer, version_);
    return {};
}

}  // namespace modax::mqtt
