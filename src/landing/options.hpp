// What the landing store can be told; app fills it from the configuration.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace modax::landing {

// automatic: after an unclean end (a WAL was left); small databases before the start, those of
// 64 MiB and more beside it.
enum class QuickCheck : std::uint8_t { automatic, always, never };

struct StoreOptions {
    std::filesystem::path data_dir;
    QuickCheck quick_check = QuickCheck::automatic;
    std::size_t reader_connections = 4;
    // Beside a running gateway, whose lock it does without: for changes of keys, users and roles by
    // the command line. Makes and migrates nothing.
    bool companion = false;
    std::string vfs;  // name of a registered SQLite VFS; empty: SQLite's own
    // false loses acknowledged readings at a power cut; only for the test that shows it.
    bool sync_every_commit = true;
};

struct WriterOptions {
    std::size_t group_max_readings = 1000;
    // Items (readings, safety statuses, rejected messages, broker changes) a lane holds.
    std::size_t acknowledged_capacity = 20'000;
    std::size_t fire_and_forget_capacity = 20'000;

    // 0: no retention by age / by size. Counts the device's time, in whole hours.
    std::chrono::milliseconds retention_age{0};
    std::uint64_t retention_bytes = 0;
    // How long the stream log is kept. Readings that retention deletes earlier are left out of a
    // replay; the writer warns at start when retention_age is shorter.
    std::chrono::milliseconds replay_window = std::chrono::hours{24};
    std::size_t quarantine_rows = 100'000;
    std::uint64_t quarantine_bytes = 64ULL * 1024 * 1024;

    // The disk ladder (PROMISES 2.2): used is the store's files, the whole is the quota, or used
    // plus what the file system still has. From `alert_percent` a warning, from `stop_percent` or
    // below `stop_free_bytes` no more readings are taken.
    std::uint64_t disk_quota_bytes = 0;
    unsigned alert_percent = 80;
    unsigned stop_percent = 95;
    std::uint64_t stop_free_bytes = 1024ULL * 1024;
    // Kept back on the disk in a file of its own, given up when the disk is full; 0: none.
    std::uint64_t reserve_bytes = 0;

    // Between attempts after a failure of the database; doubles up to the second.
    std::chrono::milliseconds first_retry_delay{50};
    std::chrono::milliseconds last_retry_delay{5000};
};

// From when on buckets of a minute, an hour and a day are kept: microseconds since 1970.
using RollupsKept = std::array<std::int64_t, 3>;

struct RollupOptions {
    // Between two looks when everything is summed up.
    std::chrono::milliseconds interval = std::chrono::seconds{10};
    // How long buckets of a minute, an hour and a day are kept; 0: for ever.
    std::array<std::chrono::milliseconds, 3> keep{};
};

}  // namespace modax::landing
