// What the writer tells: readiness and figures.
#include "landing/writer_loop.hpp"

namespace modax::landing {

Health Writer::Loop::health() const {
    Health health{"landing", true, {}};
    if (failing_ && disk_full_) {
        health.detail = "no room to store readings: free some space or shorten the retention";
    } else if (failing_) {
        health.detail = "readings can't be stored: check the disk; the log has the reason";
    } else if (disk_.level() == DiskWatch::Level::stop) {
        health.detail = "the disk is full: free some space or shorten the retention";
    }
    health.ready = health.detail.empty();
    return health;
}

void Writer::Loop::collect(MetricSink& sink) const {
    const auto number = [](auto value) { return static_cast<double>(value); };
    constexpr std::string_view k_depth = "modax_landing_queue_items";
    constexpr std::string_view k_depth_help = "Items that wait for their commit";
    sink.gauge(
        k_depth, k_depth_help, number(lanes_.depth(Lane::acknowledged)), {{"lane", "acknowledged"}}
    );
    sink.gauge(
        k_depth,
        k_depth_help,
        number(lanes_.depth(Lane::fire_and_forget)),
        {{"lane", "fire_and_forget"}}
    );
    sink.counter("modax_landing_commits_total", "Group commits", number(commits_.load()));
    sink.counter(
        "modax_landing_commit_failures_total",
        "Group commits that failed and were tried again",
        number(failures_.load())
    );
    sink.counter(
        "modax_landing_retention_rows_total",
        "Readings and safety statuses deleted by retention",
        number(retained_rows_.load())
    );
    sink.gauge(
        "modax_landing_refused_rows",
        "Items SQLite itself refused since the database was opened; readings are in the quarantine",
        number(refused_.load())
    );
    sink.gauge(
        "modax_landing_group_items", "Items of the last commit", number(last_group_items_.load())
    );
    sink.gauge(
        "modax_landing_commit_seconds",
        "Length of the last commit with its sync",
        number(last_commit_micros_.load()) / 1e6
    );
    sink.gauge("modax_landing_wal_bytes", "Size of the WAL", number(disk_.wal_bytes()));
    sink.gauge(
        "modax_landing_database_bytes", "Size of the database", number(disk_.database_bytes())
    );
    sink.gauge(
        "modax_landing_free_bytes", "Bytes left on the file system", number(disk_.free_bytes())
    );
    sink.gauge("modax_landing_failing", "1 while commits fail", failing_.load() ? 1.0 : 0.0);
}

}  // namespace modax::landing
