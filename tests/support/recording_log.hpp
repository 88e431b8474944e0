// A log that keeps its lines for a test to look at.
#pragma once

#include "core/log.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace modax::test {

// Thread-safe.
class RecordingLog final : public Log {
public:
    bool enabled(LogLevel) const noexcept override { return true; }
    void write(
        LogLevel level,
        std::string_view component,
        std::string_view message,
        std::span<const LogField> fields
    ) noexcept override {
        std::string line{component};
        line += ": ";
        line += message;
        for (const LogField& field : fields) {
            line += ' ';
            line += field.key;
            line += '=';
            line += field.value;
        }
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(level, std::move(line));
    }
    std::vector<std::string> lines(LogLevel at_least = LogLevel::trace) const {
        const std::lock_guard lock{mutex_};
        std::vector<std::string> found;
        for (const auto& [level, line] : lines_) {
            if (level >= at_least) found.push_back(line);
        }
        return found;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::pair<LogLevel, std::string>> lines_;
};

}  // namespace modax::test
