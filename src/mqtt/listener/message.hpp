// A message on its way from one publisher to many subscribers. Shared, immutable.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace modax::mqtt {

struct Message {
    std::shared_ptr<const std::string> topic;
    std::shared_ptr<const std::string> payload;
    std::uint8_t qos = 0;
    bool retain = false;
    std::string properties;  // wire form, see forwarded_properties()
    std::optional<Timestamp> expires;
};
using MessagePtr = std::shared_ptr<const Message>;

// A message for one session.
struct Delivery {
    MessagePtr message;
    std::uint8_t qos = 0;
    bool retain = false;  // the flag as this subscriber sees it
    std::vector<std::uint32_t> identifiers;
};

}  // namespace modax::mqtt
