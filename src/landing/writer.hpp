// Group commits: takes what every sender hands over, stores it in one transaction after the other
// and only then tells, in this order: the accounting, the Hub, the senders. One thread of its own.
// Owned by app; the store and the sinks must outlive it.
#pragma once

#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/health.hpp"
#include "core/landing.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "landing/options.hpp"

#include <memory>

namespace modax::landing {

class Store;

// Thread-safe; no call but stop() blocks.
class Writer final : public GroupWriter, public MetricSource, public HealthSource {
public:
    // Starts the thread. `files` is asked for the free space beside the database.
    Writer(
        Store& store,
        OutcomeSink& outcomes,
        StoredSink& stored,
        const FileSystem& files,
        const WriterOptions& options,
        const Clock& clock,
        Log& log
    );
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() override;

    // A group that can't be stored now (failing or full disk) waits and is tried again until it
    // is. Groups submitted after stop() are not taken: returns false, nothing is acknowledged.
    bool submit(IngestGroup& group, Lane lane) override;
    // Also true while the disk is full (DiskWatch).
    bool full(Lane lane) const override;

    // Commits what is queued, then ends the thread. When the database fails, gives up after one
    // more attempt: what is left was never acknowledged, its senders send it again. Idempotent.
    void stop();

    // How much the store may still grow before it takes no more readings.
    std::uint64_t bytes_to_stop() const;
    // Part "landing": not ready while commits fail or the disk is full.
    Health health() const override;
    void collect(MetricSink& sink) const override;

private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace modax::landing
