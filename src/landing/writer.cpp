#include "landing/writer.hpp"

#include "landing/writer_loop.hpp"

namespace modax::landing {

Writer::Writer(
    Store& store,
    OutcomeSink& outcomes,
    StoredSink& stored,
    const FileSystem& files,
    const WriterOptions& options,
    const Clock& clock,
    Log& log
)
    : loop_{std::make_unique<Loop>(store, outcomes, stored, files, options, clock, log)} {}

Writer::~Writer() = default;

bool Writer::submit(IngestGroup& group, Lane lane) {
    return loop_->submit(group, lane);
}

bool Writer::full(Lane lane) const {
    return loop_->full(lane);
}

void Writer::stop() {
    loop_->stop();
}

std::uint64_t Writer::bytes_to_stop() const {
    return loop_->bytes_to_stop();
}

Health Writer::health() const {
    return loop_->health();
}

void Writer::collect(MetricSink& sink) const {
    loop_->collect(sink);
}

}  // namespace modax::landing
