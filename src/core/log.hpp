// Logging as a port. Inner modules and adapters take a Log&; telemetry implements it with spdlog.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace modax {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

struct LogField {
    std::string_view key;
    std::string value;
};

// Thread-safe; never throws. A message says what happened and, from warn up, what to do.
// Never pass a secret: values are written as they are (control characters escaped).
class Log {
public:
    virtual ~Log() = default;
    virtual bool enabled(LogLevel level) const noexcept = 0;
    virtual void write(
        LogLevel level,
        std::string_view component,
        std::string_view message,
        std::span<const LogField> fields
    ) noexcept = 0;

    void debug(
        std::string_view component,
        std::string_view message,
        std::initializer_list<LogField> fields = {}
    ) noexcept {
        write(LogLevel::debug, component, message, {fields.begin(), fields.size()});
    }
    void info(
        std::string_view component,
        std::string_view message,
        std::initializer_list<LogField> fields = {}
    ) noexcept {
        write(LogLevel::info, component, message, {fields.begin(), fields.size()});
    }
    void warn(
        std::string_view component,
        std::string_view message,
        std::initializer_list<LogField> fields = {}
    ) noexcept {
        write(LogLevel::warn, component, message, {fields.begin(), fields.size()});
    }
    void error(
        std::string_view component,
        std::string_view message,
        std::initializer_list<LogField> fields = {}
    ) noexcept {
        write(LogLevel::error, component, message, {fields.begin(), fields.size()});
    }
};

}  // namespace modax
