// The writer's thread and what it owns; in a header because its behaviours are in several files:
// writer_loop.cpp (committing), writer_upkeep.cpp (full disk, retention), writer_report.cpp.
#pragma once

#include "landing/checkpointer.hpp"
#include "landing/disk_watch.hpp"
#include "landing/lanes.hpp"
#include "landing/reserve_file.hpp"
#include "landing/retention.hpp"
#include "landing/store.hpp"
#include "landing/write_session.hpp"
#include "landing/write_turn.hpp"
#include "landing/writer.hpp"

#include <atomic>
#include <string_view>
#include <thread>

namespace modax::landing {

inline constexpr std::string_view k_component = "landing";

class Writer::Loop {
public:
    Loop(
        Store& store,
        OutcomeSink& outcomes,
        StoredSink& stored,
        const FileSystem& files,
        const WriterOptions& options,
        const Clock& clock,
        Log& log
    );
    ~Loop() { stop(); }

    bool submit(IngestGroup& group, Lane lane) {
        return !lanes_.stopped() && lanes_.submit(group, lane);
    }
    bool full(Lane lane) const {
        return lanes_.full(lane) || disk_.level() == DiskWatch::Level::stop;
    }
    void stop();
    Health health() const;
    std::uint64_t bytes_to_stop() const { return disk_.bytes_to_stop(); }
    void collect(MetricSink& sink) const;

private:
    void run() noexcept;
    void work();
    // False when it was given up because of stop().
    bool commit_until_stored(std::vector<IngestGroup>& groups);
    Status commit(std::vector<IngestGroup>& groups);
    Status open_session();
    void acknowledge(const std::vector<IngestGroup>& groups);
    void failed(const Error& error);
    void make_room();
    void recovered();
    void housekeeping();
    Status retain();
    Status retention_step();
    void watch_disk();

    Store& store_;
    OutcomeSink& outcomes_;
    StoredSink& stored_;
    const WriterOptions options_;
    const Clock& clock_;
    Log& log_;
    Lanes lanes_;
    DiskWatch disk_;
    Retention retention_;
    ReserveFile reserve_;
    Checkpointer checkpointer_;
    std::unique_ptr<WriteSession> session_;
    std::vector<std::pair<AckSink*, std::vector<AckToken>>> acks_;
    SteadyTime next_retention_;
    bool more_retention_ = false;
    DiskWatch::Level told_level_ = DiskWatch::Level::normal;

    std::atomic<bool> failing_{false};
    std::atomic<bool> disk_full_{false};  // the failure is SQLITE_FULL
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> failures_{0};
    std::atomic<std::uint64_t> last_group_items_{0};
    std::atomic<std::int64_t> last_commit_micros_{0};
    std::atomic<std::uint64_t> retained_rows_{0};
    std::atomic<std::uint64_t> refused_{0};

    std::jthread thread_;  // last: ended before anything it uses goes
};

}  // namespace modax::landing
