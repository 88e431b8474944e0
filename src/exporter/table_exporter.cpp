#include "exporter/table_exporter.hpp"

#include "exporter/gzip.hpp"
#include "exporter/pages.hpp"
#include "exporter/rows.hpp"
#include "exporter/sheet.hpp"

#include <system_error>
#include <utility>

namespace modax::exporter {
namespace {

// csv, json or ndjson.
class TextStream final : public ExportStream {
public:
    TextStream(Pages pages, ExportRequest request)
        : pages_{std::move(pages)},
          request_{std::move(request)},
          format_{make_row_format(request_)} {}

    Result<bool> read(std::string& out) override {
        const std::size_t target = out.size() + k_part_bytes;
        if (!begun_) format_->begin(out);
        begun_ = true;
        const auto more = pages_.read(
            [&](const Reading& reading) {
                format_->add(out, reading);
                return out.size() < target;
            },
            [&](const Bucket& bucket) {
                format_->add(out, bucket);
                return out.size() < target;
            }
        );
        if (more && !*more) format_->end(out);
        return more;
    }

private:
    Pages pages_;
    const ExportRequest request_;
    std::unique_ptr<RowFormat> format_;
    bool begun_ = false;
};

}  // namespace

TableExporter::TableExporter(
    const ReadingReader& readings, const RollupReader& rollups, std::filesystem::path directory
)
    : readings_{readings}, rollups_{rollups}, directory_{std::move(directory)} {
    std::error_code code;
    std::filesystem::remove_all(directory_, code);
}

Result<std::uint64_t> TableExporter::count(const ExportRequest& request) const {
    RollupQuery query;
    query.device = request.device;
    query.start = request.start;
    query.end = request.end;
    query.metrics = {"is_safe"};  // the fewest
    std::uint64_t count = 0;
    auto read = rollups_.rollups(query, [&](const Bucket& bucket) {
        count = bucket.readings();
        return true;
    });
    if (!read) return tl::make_unexpected(std::move(read.error()));
    return count;
}

// Readings are only ever added, or deleted from the oldest on: their number and the first one say
// which they are.
Result<std::string> TableExporter::version(const ExportRequest& request) const {
    const auto readings = count(request);
    if (!readings) return tl::make_unexpected(readings.error());
    HistoryQuery first;
    first.device = request.device;
    first.start = request.start;
    first.end = request.end;
    first.limit = 1;
    std::string version = std::to_string(*readings);
    auto read = readings_.history(first, [&](const Reading& reading) {
        version += '.' + std::to_string(to_micros(reading.time));
        version += '.' + std::to_string(reading.sequence);
        return true;
    });
    if (!read) return tl::make_unexpected(std::move(read.error()));
    return version;
}

Result<std::unique_ptr<ExportStream>> TableExporter::open(const ExportRequest& request) const {
    Pages pages{readings_, rollups_, request};
    if (request.format == ExportFormat::xlsx) {
        const auto rows = count(request);
        if (!rows) return tl::make_unexpected(rows.error());
        if (request.resolution.count() == 0 && *rows >= k_max_sheet_rows) {
            return fail(
                Errc::invalid_argument,
                "resolution: these are " + std::to_string(*rows) +
                    " readings, a worksheet ends at 1,048,576 rows; ask for less, for a resolution "
                    "such as 1m, or for csv"
            );
        }
        return make_sheet(std::move(pages), request, directory_, busy_);
    }
    auto stream = std::make_unique<TextStream>(std::move(pages), request);
    if (!request.gzip) return stream;
    return compress(std::move(stream));
}

}  // namespace modax::exporter
