// A copy of the landing store, made beside a running gateway, and its way back. For the command
// line; each call is complete in itself.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace modax::landing {

// Pages done and in all.
using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct BackupReport {
    std::uint64_t bytes = 0;
    std::uint64_t readings_through = 0;  // the number of the last event in it
};

// Copies the store of `data_dir` as it is at one moment into `target`, which appears only when it
// is whole and passed integrity_check. Writers go on; the write-ahead log can't be started anew
// meanwhile, so it grows. Errors: not_found, already_exists (without `replace`), data_loss,
// resource_exhausted, io_error.
Result<BackupReport> back_up(
    const std::filesystem::path& data_dir,
    const std::filesystem::path& target,
    bool replace,
    const BackupProgress& progress
);

// Makes `source` the store of `data_dir`. What was there is kept beside it as modax.db.replaced.
// Errors: invalid_argument (no backup of modax, or of a newer one), data_loss, unavailable (a
// gateway runs there), already_exists (without `replace`), and those of a copy.
Result<BackupReport> restore(
    const std::filesystem::path& source,
    const std::filesystem::path& data_dir,
    bool replace,
    const BackupProgress& progress
);

}  // namespace modax::landing
