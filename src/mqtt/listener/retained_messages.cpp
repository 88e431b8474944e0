#include "mqtt/listener/retained_messages.hpp"

#include "mqtt/codec/topic.hpp"

namespace modax::mqtt {
namespace {

bool expired(const Message& message, Timestamp now) {
    return message.expires && *message.expires <= now;
}

}  // namespace

std::size_t RetainedMessages::bytes_of(const Message& message) {
    return message.topic->size() + message.payload->size() + message.properties.size();
}

bool RetainedMessages::set(const MessagePtr& message) {
    const auto known = messages_.find(*message->topic);
    const std::size_t freed = known == messages_.end() ? 0 : bytes_of(*known->second);
    const std::size_t bytes = bytes_ - freed + bytes_of(*message);
    if (bytes > max_bytes_) return false;
    if (known == messages_.end()) {
        if (messages_.size() >= max_messages_) return false;
        messages_.emplace(*message->topic, message);
    } else {
        known->second = message;
    }
    bytes_ = bytes;
    return true;
}

bool RetainedMessages::remove(std::string_view topic) {
    const auto known = messages_.find(topic);
    if (known == messages_.end()) return false;
    bytes_ -= bytes_of(*known->second);
    messages_.erase(known);
    return true;
}

void RetainedMessages::match(
    std::string_view filter, Timestamp now, const std::function<void(const MessagePtr&)>& each
) const {
    if (filter.find_first_of("+#") == std::string_view::npos) {
        const auto known = messages_.find(filter);
        if (known != messages_.end() && !expired(*known->second, now)) each(known->second);
        return;
    }
    for (const auto& [topic, message] : messages_) {
        if (!expired(*message, now) && matches(filter, topic)) each(message);
    }
}

std::vector<std::string> RetainedMessages::expire(Timestamp now) {
    std::vector<std::string> topics;
    for (const auto& [topic, message] : messages_) {
        if (expired(*message, now)) topics.push_back(topic);
    }
    for (const std::string& topic : topics) remove(topic);
    return topics;
}

}  // namespace modax::mqtt
