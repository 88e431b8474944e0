// What the MQTT listener must remember over a restart: persistent sessions, their subscriptions and
// waiting messages, and retained messages. The listener describes each change; the landing store
// writes it in the next group commit and gives everything back at start.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace modax {

struct BrokerMessage {
    std::string topic;
    std::string payload;
    std::uint8_t qos = 0;
    // MQTT 5 properties that are passed on, in wire form without the length prefix.
    std::string properties;
    std::optional<Timestamp> expires;
};

// A session that outlives its connection. `expires` counts from the disconnect; nullopt while
// connected or when the session never expires.
struct SessionSaved {
    std::string client_id;
    std::uint8_t protocol_version = 4;
    std::uint32_t expiry_interval = 0;  // seconds; 0xFFFFFFFF: never
    std::optional<Timestamp> expires;
    std::string principal;  // who owns the session; nobody else may take it over
};
struct SessionRemoved {
    std::string client_id;  // with its subscriptions and messages
};
struct SubscriptionSaved {
    std::string client_id;
    std::string filter;            // as sent, with $share/…
    std::uint8_t options = 0;      // the MQTT 5 subscription options byte
    std::uint32_t identifier = 0;  // 0: none
};
struct SubscriptionRemoved {
    std::string client_id;
    std::string filter;
};
struct RetainedSaved {
    BrokerMessage message;
};
struct RetainedRemoved {
    std::string topic;
};
// A message that waits for a persistent session. `number` rises within the session.
struct MessageQueued {
    std::string client_id;
    std::uint64_t number = 0;
    BrokerMessage message;
    bool retain = false;
    std::vector<std::uint32_t> subscription_identifiers;
};
struct MessageDone {
    std::string client_id;
    std::uint64_t number = 0;
};
// A QoS 2 packet id taken over from the client and not yet released (PUBREC sent, PUBREL awaited).
struct InboundHeld {
    std::string client_id;
    std::uint16_t packet_id = 0;
};
struct InboundReleased {
    std::string client_id;
    std::uint16_t packet_id = 0;
};

using BrokerChange = std::variant<
    SessionSaved,
    SessionRemoved,
    SubscriptionSaved,
    SubscriptionRemoved,
    RetainedSaved,
    RetainedRemoved,
    MessageQueued,
    MessageDone,
    InboundHeld,
    InboundReleased>;

// Everything, as read at start.
struct BrokerState {
    std::vector<SessionSaved> sessions;
    std::vector<SubscriptionSaved> subscriptions;
    std::vector<RetainedSaved> retained;
    std::vector<MessageQueued> messages;  // by client and number, rising
    std::vector<InboundHeld> inbound;
};

}  // namespace modax
