// What happens in the business of the plant: an order is completed, a lot inspected, a machine
// goes down, an anomaly is raised. An event and what it changes are stored in one transaction,
// with one outbox entry for each connector that wants it. Source: PROMISES P4, P5.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace modax {

struct BusinessEvent {
    std::uint64_t sequence = 0;  // from 1 without gaps; given when it is stored
    std::string id;              // 32 hexadecimal digits; the same in every delivery of it
    std::string type;        // "production.completed", "quality.results", "equipment.status", …
    std::string object_key;  // "order:1000815", "lot:4711", "device:cnc-01": its events are
                             // delivered in the order in which they were stored
    std::string device_id;   // empty: of no device
    Timestamp time;          // when it happened
    std::string body;        // a JSON object
};

// Which connectors want an event. Asked inside the transaction that stores it: answers from
// memory, at once. Thread-safe.
class EventRouter {
public:
    virtual ~EventRouter() = default;
    virtual std::vector<std::string> connectors_for(const BusinessEvent& event) const = 0;
};

// Gets every event after its transaction is durable, on the thread that stored it: return at
// once, never throw.
class BusinessEventSink {
public:
    virtual ~BusinessEventSink() = default;
    virtual void happened(const BusinessEvent& event) noexcept = 0;
};

}  // namespace modax
