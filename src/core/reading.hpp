// What machines tell: readings and safety statuses, and what could not be understood.
#pragma once

#include "core/device.hpp"
#include "core/time.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace modax {

// The quantities every consumer knows by name; anything else is a metric.
enum class Quantity : std::uint8_t {
    temperature,    // degrees Celsius
    current,        // ampere
    vibration,      // m/s^2
    spindle_speed,  // 1/min
    power_kw,       // kilowatt
    feed_rate,      // mm/min
};
inline constexpr std::array<std::string_view, 6> k_quantity_names{
    "temperature", "current", "vibration", "spindle_speed", "power_kw", "feed_rate"};
inline constexpr std::size_t k_quantity_count = k_quantity_names.size();

using MetricValue = std::variant<double, bool, std::string>;

struct Metric {
    std::string name;  // [A-Za-z_][A-Za-z0-9_.-]{0,63}
    MetricValue value;
    bool operator==(const Metric&) const = default;
};

// Identity: (device, time, sequence). A redelivered reading has the same identity and is stored
// once.
struct Reading {
    const Device* device = nullptr;
    Timestamp time;      // the device's; the time of arrival when it sent none
    Timestamp received;  // time of arrival
    // The payload's `seq` when it has one (0 or more), else a hash of the payload (negative).
    std::int64_t sequence = 0;
    // NaN: the reading does not carry the quantity.
    std::array<double, k_quantity_count> quantities = [] {
        std::array<double, k_quantity_count> none{};
        none.fill(std::numeric_limits<double>::quiet_NaN());
        return none;
    }();
    std::optional<bool> is_safe;  // the reading's own, else the last safety status's
    std::vector<Metric> metrics;  // further metrics, in the order of the payload

    double& operator[](Quantity quantity) { return quantities[static_cast<std::size_t>(quantity)]; }
    double operator[](Quantity quantity) const {
        return quantities[static_cast<std::size_t>(quantity)];
    }
    bool has(Quantity quantity) const { return !std::isnan((*this)[quantity]); }
};

struct SafetyStatus {
    const Device* device = nullptr;
    Timestamp time;
    Timestamp received;
    std::int64_t sequence = 0;  // as Reading::sequence
    bool emergency_stop = false;
    bool door_closed = false;
    bool overload_detected = false;
    bool temperature_ok = false;

    // Derived, never taken from the payload.
    bool is_safe() const {
        return !emergency_stop && door_closed && !overload_detected && temperature_ok;
    }
};

// A message that is no reading: kept as it came, with the reason.
struct RejectedMessage {
    Timestamp received;
    std::string topic;
    std::string payload;             // cut to 64 KiB
    std::uint64_t payload_size = 0;  // before it was cut
    std::string reason;  // stable word: "not_utf8", "not_json", "too_large", "wrong_type", ...
    std::string detail;  // one line for people: which field, which value
    std::string client;  // MQTT client id, or another name of the sender
};

}  // namespace modax
