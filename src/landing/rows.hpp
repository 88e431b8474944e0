// Readings and safety statuses as rows, both ways. The column order is that of k_reading_columns
// and k_safety_columns everywhere.
#pragma once

#include "core/reading.hpp"
#include "landing/sqlite.hpp"

#include <string>
#include <string_view>

namespace modax::landing {

inline constexpr std::int64_t k_micros_per_hour = 3'600'000'000;

// Rounded down, also before 1970.
constexpr std::int64_t hour_of(std::int64_t micros) {
    return micros / k_micros_per_hour - (micros % k_micros_per_hour < 0 ? 1 : 0);
}

inline constexpr std::string_view k_insert_reading =
    "INSERT INTO readings(hour, device, time, sequence, received, temperature, current, vibration,"
    " spindle_speed, power_kw, feed_rate, is_safe, metrics)"
    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) ON CONFLICT DO NOTHING";
inline constexpr std::string_view k_insert_safety =
    "INSERT INTO safety_statuses(hour, device, time, sequence, received, emergency_stop,"
    " door_closed, overload_detected, temperature_ok) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
    " ON CONFLICT DO NOTHING";
#define MODAX_READING_COLUMNS                                                              \
    "time, sequence, received, temperature, current, vibration, spindle_speed, power_kw, " \
    "feed_rate, is_safe, metrics"
#define MODAX_SAFETY_COLUMNS \
    "time, sequence, received, emergency_stop, door_closed, overload_detected, temperature_ok"

// `metrics` is the buffer of the JSON text; it must stay until the statement has run.
void bind_reading(Statement& statement, const Reading& reading, std::string& metrics);
void bind_safety(Statement& statement, const SafetyStatus& status);

// From the current row; `device` fills in what the row does not say.
Reading read_reading(const Statement& statement, const Device& device);
SafetyStatus read_safety(const Statement& statement, const Device& device);

}  // namespace modax::landing
