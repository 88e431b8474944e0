// What a device means by its timestamp (DESIGN 5). A time before the year 2000 is a clock that was
// never set, and means the same as none: the time of arrival.
#pragma once

#include "core/time.hpp"
#include "ingest/refusal.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace modax::ingest {

// nullopt: take the time of arrival.
using DeviceTime = std::optional<Timestamp>;

// ISO 8601 as core/time.hpp reads it. Refusals: bad_timestamp.
Decoded<DeviceTime> device_time(std::string_view text);
// A number since 1970, whose unit follows from its size: seconds below 1e11 (the year 5138),
// milliseconds below 1e14, microseconds below 1e17, nanoseconds from there.
DeviceTime device_time(std::int64_t number);
DeviceTime device_time(double number);

}  // namespace modax::ingest
