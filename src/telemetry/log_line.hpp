// What a log line looks like. Internal to telemetry.
#pragma once

#include "core/log.hpp"
#include "core/time.hpp"

#include <span>
#include <string>
#include <string_view>

namespace modax::telemetry {

// Longer fields and messages are cut, and the line says so.
inline constexpr std::size_t k_max_field_bytes = 4096;
inline constexpr std::size_t k_max_fields = 64;

struct LogEntry {
    Timestamp time;
    LogLevel level = LogLevel::info;
    std::string_view component;
    std::string_view message;
    std::span<const LogField> fields;
};

// 2026-11-23T15:45:19.123Z WARN  mqtt       message  key=value other="with blanks"
// Nothing in it can break the line or steer a terminal: control characters are escaped (\u001b),
// what is not UTF-8 becomes U+FFFD.
std::string text_line(const LogEntry& entry);
// {"time":"…","level":"warn","component":"mqtt","message":"…","key":"value"}, RFC 8259. A field
// named like one of the first four gets a '_' behind its name.
std::string json_line(const LogEntry& entry);

}  // namespace modax::telemetry
