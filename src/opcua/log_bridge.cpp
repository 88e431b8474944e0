#include "opcua/log_bridge.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace modax::opcua {
namespace {

void write(
    void* context,
    UA_LogLevel level,
    UA_LogCategory /*category*/,
    const char* format,
    va_list values
) {
    auto& log = *static_cast<Log*>(context);
    // What clients do wrong is for the audit and for debugging: a peer must not fill the log.
    auto to = level >= UA_LOGLEVEL_ERROR ? LogLevel::warn : LogLevel::debug;
    if (level < UA_LOGLEVEL_INFO) to = LogLevel::trace;
    if (!log.enabled(to)) return;
    std::array<char, 512> line{};
    const int size = std::vsnprintf(line.data(), line.size(), format, values);
    if (size > 0) log.write(to, "opcua", std::string_view{line.data()}, {});
}

}  // namespace

UA_Logger make_logger(Log& log) {
    return {write, &log, nullptr};
}

}  // namespace modax::opcua
