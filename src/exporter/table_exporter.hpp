// Exports of a device's readings or buckets as CSV, JSON, NDJSON or XLSX. Owned by app.
#pragma once

#include "core/export.hpp"
#include "core/landing.hpp"
#include "core/rollup.hpp"

#include <atomic>
#include <filesystem>

namespace modax::exporter {

class TableExporter final : public Exporter {
public:
    // Workbooks are made in `directory`, which is made when it is needed; what a process before
    // left there is deleted. The readers must outlive it.
    TableExporter(
        const ReadingReader& readings, const RollupReader& rollups, std::filesystem::path directory
    );

    Result<std::string> version(const ExportRequest& request) const override;
    Result<std::unique_ptr<ExportStream>> open(const ExportRequest& request) const override;

private:
    Result<std::uint64_t> count(const ExportRequest& request) const;

    const ReadingReader& readings_;
    const RollupReader& rollups_;
    const std::filesystem::path directory_;
    mutable std::atomic<bool> busy_{false};
};

}  // namespace modax::exporter
