// The rows of an export, read from the store in pages, so that neither a transaction nor memory
// grows with the export. Not thread-safe.
#pragma once

#include "core/export.hpp"
#include "core/landing.hpp"
#include "core/rollup.hpp"

#include <functional>

namespace modax::exporter {

class Pages {
public:
    // Of a page that gives nothing: so many readings are looked at.
    static constexpr std::size_t k_readings_per_page = 20'000;

    Pages(const ReadingReader& readings, const RollupReader& rollups, const ExportRequest& request);

    // Calls one of the two for each row until it returns false, or the page or the export is over.
    // True when there is more.
    Result<bool> read(
        const std::function<bool(const Reading&)>& each_reading,
        const std::function<bool(const Bucket&)>& each_bucket
    );

private:
    Result<bool> read_readings(const std::function<bool(const Reading&)>& each);
    Result<bool> read_buckets(const std::function<bool(const Bucket&)>& each);

    const ReadingReader& readings_;
    const RollupReader& rollups_;
    HistoryQuery history_;
    RollupQuery rollup_;
};

}  // namespace modax::exporter
