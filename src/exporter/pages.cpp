#include "exporter/pages.hpp"

namespace modax::exporter {

Pages::Pages(
    const ReadingReader& readings, const RollupReader& rollups, const ExportRequest& request
)
    : readings_{readings}, rollups_{rollups} {
    history_.device = request.device;
    history_.start = request.start;
    history_.end = request.end;
    history_.limit = k_readings_per_page;
    rollup_.device = request.device;
    rollup_.start = request.start;
    rollup_.end = request.end;
    rollup_.width = request.resolution;
    rollup_.metrics = request.metrics;
}

Result<bool> Pages::read(
    const std::function<bool(const Reading&)>& each_reading,
    const std::function<bool(const Bucket&)>& each_bucket
) {
    return rollup_.width.count() == 0 ? read_readings(each_reading) : read_buckets(each_bucket);
}

Result<bool> Pages::read_readings(const std::function<bool(const Reading&)>& each) {
    std::size_t seen = 0;
    bool stopped = false;
    auto read = readings_.history(history_, [&](const Reading& reading) {
        ++seen;
        stopped = !each(reading);
        history_.after = HistoryQuery::After{reading.time, reading.sequence};
        return !stopped;
    });
    if (!read) return tl::make_unexpected(std::move(read.error()));
    return stopped || seen == k_readings_per_page;
}

Result<bool> Pages::read_buckets(const std::function<bool(const Bucket&)>& each) {
    bool stopped = false;
    auto read = rollups_.rollups(rollup_, [&](const Bucket& bucket) {
        stopped = !each(bucket);
        rollup_.start = bucket.start() + rollup_.width;
        return !stopped;
    });
    if (!read) return tl::make_unexpected(std::move(read.error()));
    return stopped;
}

}  // namespace modax::exporter
