#include "telemetry/log.hpp"

#include "telemetry/log_line.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <exception>
#include <utility>

namespace modax::telemetry {
namespace {

class SpdlogLog final : public Log {
public:
    SpdlogLog(const LogOptions& options, spdlog::sink_ptr sink)
        : options_{options}, logger_{"modax", std::move(sink)} {
        // The line is rendered here; spdlog writes it, one at a time.
        logger_.set_pattern("%v");
        logger_.set_level(spdlog::level::trace);
        logger_.flush_on(spdlog::level::trace);
    }

    bool enabled(LogLevel level) const noexcept override { return level >= options_.level; }

    void write(
        LogLevel level,
        std::string_view component,
        std::string_view message,
        std::span<const LogField> fields
    ) noexcept override {
        if (!enabled(level)) return;
        try {
            const auto now =
                std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
            const LogEntry entry{now, level, component, message, fields};
            const std::string line =
                options_.format == LogOptions::Format::json ? json_line(entry) : text_line(entry);
            logger_.log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
        } catch (const std::exception&) {
            // Out of memory: the line is lost, the gateway goes on.
            return;
        }
    }

private:
    LogOptions options_;
    spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Log> make_log(const LogOptions& options) {
    return std::make_unique<SpdlogLog>(options, std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

std::unique_ptr<Log> make_log(const LogOptions& options, std::ostream& out) {
    return std::make_unique<SpdlogLog>(
        options, std::make_shared<spdlog::sinks::ostream_sink_mt>(out, true)
    );
}

}  // namespace modax::telemetry
