// One event with the fields of AlarmConditionType. Internal to opcua. Any thread; takes the
// server's lock for each call.
// Source: OPC 10000-5, section 6.4.2 (BaseEventType); OPC 10000-9, sections 5.5.2, 5.7.2, 5.8.2.
#pragma once

#include "core/device.hpp"
#include "opcua/variables.hpp"

#include <string>
#include <string_view>

namespace modax::opcua {

struct AlarmEvent {
    const Device* device = nullptr;  // whoever may not see it gets an event without its fields
    std::string_view condition;      // ConditionName
    std::string source_name;
    std::string source_path;  // node id of the source; empty: the Server object
    std::string message;
    std::uint16_t severity = 1;
    bool active = false;
    bool acknowledged = false;
    Timestamp time{};
};

// To everyone who subscribed to events of the source or the server. Errors: io_error.
Status send(UA_Server& server, const AlarmEvent& event);

}  // namespace modax::opcua
