// Who gets what: publishes of clients, stored events, retained messages.
#include "ingest/intake.hpp"
#include "live/hub.hpp"
#include "mqtt/codec/topic.hpp"
#include "mqtt/listener/broker.hpp"

#include <algorithm>
#include <utility>

namespace modax::mqtt {
namespace {

BrokerMessage to_store(const Message& message) {
    return {*message.topic, *message.payload, message.qos, message.properties, message.expires};
}

std::uint8_t lower_qos(std::uint8_t message, std::uint8_t subscription) {
    return std::min(message, subscription);
}

}  // namespace

std::string Broker::data_topic(const Device& device) const {
    return options_.topic_prefix + "/sensor/data/" + device.id();
}

std::string Broker::safety_topic(const Device& device) const {
    return options_.topic_prefix + "/sensor/safety/" + device.id();
}

void Broker::subscribe(Session& session, std::string_view filter, Session::Subscribed subscribed) {
    session.subscribed(filter, subscribed);
    subscriptions_.add(filter, {&session, subscribed.options, subscribed.identifier});
    Counters::set(counters_.subscriptions, subscriptions_.size());
}

bool Broker::unsubscribe(Session& session, std::string_view filter) {
    session.unsubscribed(filter);
    const bool existed = subscriptions_.remove(filter, session);
    Counters::set(counters_.subscriptions, subscriptions_.size());
    return existed;
}

void Broker::retain(const MessagePtr& message) {
    if (message->payload->empty()) {
        if (retained_.remove(*message->topic)) parts_.intake.add(RetainedRemoved{*message->topic});
    } else {
        parts_.intake.add(RetainedSaved{to_store(*message)});
    }
    Counters::set(counters_.retained, retained_.size());
}

Broker::Routed Broker::route(const MessagePtr& message, const Session* publisher) {
    if (message->retain) {
        if (!message->payload->empty() && !retained_.set(message)) return Routed::retain_refused;
        retain(message);
    }
    Matches matches;
    subscriptions_.match(*message->topic, matches);
    return deliver(matches, message, publisher) ? Routed::delivered : Routed::nobody;
}

// A session with several matching subscriptions gets the message once, with the highest QoS and
// all identifiers (section 3.3.4).
bool Broker::deliver(const Matches& matches, const MessagePtr& message, const Session* publisher) {
    struct Recipient {
        Session* session = nullptr;
        Delivery delivery;
    };
    std::vector<Recipient> recipients;
    recipients.reserve(matches.direct.size());
    ++round_;
    for (const Subscription& subscription : matches.direct) {
        if (subscription.no_local() && subscription.session == publisher) continue;
        Session::Mark& mark = subscription.session->mark();
        if (mark.round != round_) {
            mark = {round_, recipients.size()};
            recipients.push_back({subscription.session, Delivery{message, 0, false, {}}});
        }
        Delivery& delivery = recipients[mark.place].delivery;
        delivery.qos = std::max(delivery.qos, lower_qos(message->qos, subscription.qos()));
        delivery.retain |= message->retain && subscription.retain_as_published();
        if (subscription.identifier != 0) delivery.identifiers.push_back(subscription.identifier);
    }
    bool anybody = !recipients.empty();
    for (Recipient& recipient : recipients) {
        recipient.session->deliver(std::move(recipient.delivery));
    }
    for (SharedGroup* const group : matches.shared) anybody |= deliver_shared(*group, message);
    return anybody;
}

// In turn to the members that are connected; when none is, to one that will come back.
bool Broker::deliver_shared(SharedGroup& group, const MessagePtr& message) {
    const auto give = [&](const Subscription& subscription) {
        Delivery delivery{message, lower_qos(message->qos, subscription.qos()), false, {}};
        delivery.retain = message->retain && subscription.retain_as_published();
        if (subscription.identifier != 0) delivery.identifiers = {subscription.identifier};
        subscription.session->deliver(std::move(delivery));
    };
    for (std::size_t tried = 0; tried < group.members.size(); ++tried) {
        const Subscription& member = group.members[group.next++ % group.members.size()];
        if (!member.session->online()) continue;
        give(member);
        return true;
    }
    const Subscription& member = group.members[group.next++ % group.members.size()];
    if (!member.session->persistent()) return false;
    give(member);
    return true;
}

void Broker::send_retained(
    Session& session, std::string_view filter, std::uint8_t options, std::uint32_t identifier
) {
    const SubscriptionRequest request{filter, options};
    const auto send = [&](const MessagePtr& message) {
        Delivery delivery{message, lower_qos(message->qos, request.qos()), true, {}};
        if (identifier != 0) delivery.identifiers = {identifier};
        session.deliver(std::move(delivery));
    };
    retained_.match(filter, parts_.clock.now(), send);
    const auto send_latest = [&](std::string topic, std::shared_ptr<const std::string> payload) {
        if (payload == nullptr || !matches(filter, topic)) return;
        Message message;
        message.topic = std::make_shared<const std::string>(std::move(topic));
        message.payload = std::move(payload);
        message.qos = 1;
        send(std::make_shared<const Message>(std::move(message)));
    };
    // Cheap filters first: most subscriptions have nothing to do with the ingest topics.
    const std::string_view prefix = options_.topic_prefix;
    if (!filter.starts_with(prefix) && !filter.starts_with('+') && !filter.starts_with('#')) return;
    for (const Device* const device : parts_.devices.all()) {
        send_latest(data_topic(*device), parts_.hub.latest_json(*device));
        send_latest(safety_topic(*device), parts_.hub.latest_safety_json(*device));
    }
}

Broker::DeviceRoute& Broker::route_of(const Device& device, bool safety) {
    DeviceRoute& route = (safety ? safety_routes_ : data_routes_)[&device];
    if (route.topic == nullptr) {
        route.topic =
            std::make_shared<const std::string>(safety ? safety_topic(device) : data_topic(device));
    } else if (route.version == subscriptions_.version()) {
        return route;
    }
    route.matches.clear();
    subscriptions_.match(*route.topic, route.matches);
    route.version = subscriptions_.version();
    return route;
}

void Broker::feed(const std::shared_ptr<const StoredBatch>& batch) {
    if (subscriptions_.size() == 0) return;
    for (const LiveEvent& event : batch->events) {
        const DeviceRoute& route = route_of(event.device(), event.safety() != nullptr);
        if (route.matches.empty()) continue;
        Message message;
        message.topic = route.topic;
        // Points into the batch and keeps it alive: no copy.
        message.payload = std::shared_ptr<const std::string>{batch, &event.json()};
        message.qos = 1;
        deliver(route.matches, std::make_shared<const Message>(std::move(message)), nullptr);
    }
}

}  // namespace modax::mqtt
