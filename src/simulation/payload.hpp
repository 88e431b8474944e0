// The payloads a simulated or replayed device publishes: flat JSON (DESIGN 5).
#pragma once

#include "core/reading.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::simulation {

struct SafetyState {
    bool emergency_stop = false;
    bool door_closed = true;
    bool overload_detected = false;
    bool temperature_ok = true;
    bool operator==(const SafetyState&) const = default;
};

// `members`: quantities, is_safe and further metrics alike, by name. Without a sequence the gateway
// tells redelivered readings by their payload.
void append_reading_payload(
    std::string& out,
    std::string_view device_id,
    Timestamp time,
    std::optional<std::uint64_t> sequence,
    const std::vector<Metric>& members
);
void append_safety_payload(
    std::string& out, std::string_view device_id, Timestamp time, const SafetyState& state
);

}  // namespace modax::simulation
