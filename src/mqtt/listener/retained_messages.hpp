// Retained messages by topic (MQTT 5, section 3.3.1.3). One thread.
#pragma once

#include "mqtt/listener/message.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace modax::mqtt {

class RetainedMessages {
public:
    RetainedMessages(std::size_t max_messages, std::size_t max_bytes)
        : max_messages_{max_messages}, max_bytes_{max_bytes} {}

    // False: a limit is reached, and nothing was changed.
    bool set(const MessagePtr& message);
    // False: there was none.
    bool remove(std::string_view topic);
    // The messages whose topic matches, leaving out what expired.
    void match(
        std::string_view filter, Timestamp now, const std::function<void(const MessagePtr&)>& each
    ) const;
    // Takes the messages out that expired; gives their topics.
    std::vector<std::string> expire(Timestamp now);
    std::size_t size() const { return messages_.size(); }

private:
    static std::size_t bytes_of(const Message& message);

    std::size_t max_messages_;
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::map<std::string, MessagePtr, std::less<>> messages_;
};

}  // namespace modax::mqtt
