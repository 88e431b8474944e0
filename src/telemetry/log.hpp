// The gateway's log: lines to standard error, written before write() returns, so that the last one
// before a crash is there. Owned by app, used by every thread.
#pragma once

#include "core/log.hpp"

#include <cstdint>
#include <iosfwd>
#include <memory>

namespace modax::telemetry {

struct LogOptions {
    enum class Format : std::uint8_t { text, json };
    LogLevel level = LogLevel::info;
    Format format = Format::text;
};

// To standard error. May throw when memory is short; the log itself never throws: a line that
// can't be written is lost.
std::unique_ptr<Log> make_log(const LogOptions& options);
// To any stream, which must outlive the log.
std::unique_ptr<Log> make_log(const LogOptions& options, std::ostream& out);

}  // namespace modax::telemetry
