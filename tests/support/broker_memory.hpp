// Keeps what the listener must remember over a restart, as the landing store does, in memory.
#pragma once

#include "core/broker_state.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace modax::test {

class BrokerMemory {
public:
    void apply(const BrokerChange& change) {
        std::visit([this](const auto& one) { take(one); }, change);
    }
    BrokerState state() const {
        BrokerState state;
        for (const auto& [id, session] : sessions_) state.sessions.push_back(session);
        for (const auto& [key, one] : subscriptions_) state.subscriptions.push_back(one);
        for (const auto& [topic, retained] : retained_) state.retained.push_back(retained);
        for (const auto& [key, message] : messages_) state.messages.push_back(message);
        for (const auto& [id, packet_id] : inbound_) state.inbound.push_back({id, packet_id});
        return state;
    }

private:
    void take(const SessionSaved& change) { sessions_[change.client_id] = change; }
    void take(const SessionRemoved& change) {
        const std::string& id = change.client_id;
        sessions_.erase(id);
        std::erase_if(subscriptions_, [&](const auto& entry) { return entry.first.first == id; });
        std::erase_if(messages_, [&](const auto& entry) { return entry.first.first == id; });
        std::erase_if(inbound_, [&](const auto& entry) { return entry.first == id; });
    }
    void take(const SubscriptionSaved& change) {
        subscriptions_[{change.client_id, change.filter}] = change;
    }
    void take(const SubscriptionRemoved& change) {
        subscriptions_.erase({change.client_id, change.filter});
    }
    void take(const RetainedSaved& change) { retained_[change.message.topic] = change; }
    void take(const RetainedRemoved& change) { retained_.erase(change.topic); }
    void take(const MessageQueued& change) {
        messages_[{change.client_id, change.number}] = change;
    }
    void take(const MessageDone& change) { messages_.erase({change.client_id, change.number}); }
    void take(const InboundHeld& change) { inbound_.emplace(change.client_id, change.packet_id); }
    void take(const InboundReleased& change) {
        inbound_.erase({change.client_id, change.packet_id});
    }

    std::map<std::string, SessionSaved> sessions_;
    std::map<std::pair<std::string, std::string>, SubscriptionSaved> subscriptions_;
    std::map<std::string, RetainedSaved> retained_;
    std::map<std::pair<std::string, std::uint64_t>, MessageQueued> messages_;
    std::set<std::pair<std::string, std::uint16_t>> inbound_;
};

}  // namespace modax::test
