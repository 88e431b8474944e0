// The ladder of PROMISES 2.2: how full the disk is for the store. Asked by the writer's thread at
// most once a second; what it found may be read from any thread.
#pragma once

#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "landing/options.hpp"

#include <atomic>
#include <optional>

namespace modax::landing {

class DiskWatch {
public:
    enum class Level : std::uint8_t { normal, alert, stop };

    DiskWatch(
        const FileSystem& files,
        const WriterOptions& options,
        std::filesystem::path database,
        const Clock& clock
    )
        : files_{files}, options_{options}, database_{std::move(database)}, clock_{clock} {}

    // Looks again when a second has passed.
    void look();

    Level level() const { return level_.load(std::memory_order_relaxed); }
    std::uint64_t database_bytes() const { return database_bytes_.load(std::memory_order_relaxed); }
    std::uint64_t wal_bytes() const { return wal_bytes_.load(std::memory_order_relaxed); }
    // Until `stop`, as it was at the last look.
    std::uint64_t bytes_to_stop() const;
    std::uint64_t free_bytes() const { return free_bytes_.load(std::memory_order_relaxed); }

private:
    Level judge(std::uint64_t used, std::uint64_t available) const;

    const FileSystem& files_;
    const WriterOptions options_;
    const std::filesystem::path database_;
    const Clock& clock_;
    std::optional<SteadyTime> looked_;
    std::atomic<Level> level_{Level::normal};
    std::atomic<std::uint64_t> database_bytes_{0};
    std::atomic<std::uint64_t> wal_bytes_{0};
    std::atomic<std::uint64_t> free_bytes_{0};
};

}  // namespace modax::landing
