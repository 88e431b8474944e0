// Monitors the member of every device and counts what comes. One thread.
#pragma once

#include "support/opcua_load/client.hpp"

#include <cstdint>

namespace modax::test {

struct SubscriptionOptions {
    double interval_ms = 200;
    double sampling_ms = 0;  // 0: each change as it is written
    unsigned queue = 1;
    double seconds = 5;
    bool stall = false;  // takes nothing once it is subscribed
};

struct SubscriptionReport {
    std::uint64_t notifications = 0;  // without the first of each item
    std::uint64_t bad = 0;
    std::size_t items = 0;  // that the server granted
    double seconds = 0;
    double last = 0;             // newest value of any item
    std::vector<double> age_ms;  // from source timestamp to here
};

// Prints "ready" once every item has its first value.
SubscriptionReport subscribe(const OpcUaTarget& target, const SubscriptionOptions& options);

}  // namespace modax::test
