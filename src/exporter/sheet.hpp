// An export as an Excel workbook. Its parts can't be known before its end, so it is made in a file
// of a private directory, which is gone as soon as it is open. Not thread-safe.
#pragma once

#include "exporter/pages.hpp"

#include <atomic>
#include <filesystem>
#include <memory>

namespace modax::exporter {

inline constexpr std::uint64_t k_max_sheet_rows = 1'048'576;  // Excel's own limit, with the titles

// `busy` is true as long as a workbook is made; one at a time, because the last step of it takes
// seconds. Errors: unavailable, io_error.
Result<std::unique_ptr<ExportStream>> make_sheet(
    Pages pages,
    const ExportRequest& request,
    const std::filesystem::path& directory,
    std::atomic<bool>& busy
);

}  // namespace modax::exporter
