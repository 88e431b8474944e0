#include "landing/writer.hpp"

#include "landing/disk_watch.hpp"
#include "landing/lanes.hpp"
#include "landing/retention.hpp"
#include "landing/store.hpp"
#include "landing/write_session.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

namespace modax::landing {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view k_component = "landing";
// How long an idle writer sleeps before it looks after disk, retention and WAL.
constexpr milliseconds k_idle{500};
// Between two steps of retention when there is more to delete and nothing to commit.
constexpr milliseconds k_busy_retention{5};
constexpr std::chrono::seconds k_retention_interval{5};
// 4 MiB of WAL, SQLite's own default: more would make reads slower.
constexpr int k_checkpoint_frames = 1000;

}  // namespace

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

Writer::Loop::Loop(
    Store& store,
    OutcomeSink& outcomes,
    StoredSink& stored,
    const FileSystem& files,
    const WriterOptions& options,
    const Clock& clock,
    Log& log
)
    : store_{store},
      outcomes_{outcomes},
      stored_{stored},
      options_{options},
      clock_{clock},
      log_{log},
      lanes_{options.acknowledged_capacity, options.fire_and_forget_capacity},
      disk_{files, options, store.write_options().file, clock},
      retention_{options},
      next_retention_{clock.steady_now()} {
    if (options.retention_age.count() > 0 && options.retention_age < options.replay_window) {
        log.warn(
            k_component,
            "readings are deleted before the replay window ends; ?since= reaches back only as far "
            "as landing.retention_age"
        );
    }
    watch_disk();
    thread_ = std::jthread{[this] { run(); }};
}

void Writer::Loop::stop() {
    lanes_.stop();
    if (thread_.joinable()) thread_.join();
}

void Writer::Loop::run() noexcept {
    try {
        work();
    } catch (const std::exception& error) {
        // Out of memory, or a bug: nothing is acknowledged any more, /ready says so.
        failing_ = true;
        log_.error(k_component, "the writer ended; restart modax", {{"reason", error.what()}});
    }
    session_.reset();
}

void Writer::Loop::work() {
    for (;;) {
        auto groups =
            lanes_.take(options_.group_max_readings, more_retention_ ? k_busy_retention : k_idle);
        if (groups.empty() && lanes_.stopped()) return;
        if (!groups.empty() && !commit_until_stored(groups)) return;
        watch_disk();
        housekeeping();
    }
}

bool Writer::Loop::commit_until_stored(std::vector<IngestGroup>& groups) {
    auto delay = options_.first_retry_delay;
    for (;;) {
        // Looked at before the attempt: a stop during it still gets one more.
        const bool last = lanes_.stopped();
        const Status stored = commit(groups);
        if (stored) {
            recovered();
            return true;
        }
        failed(stored.error());
        if (last) {
            log_.warn(
                k_component,
                "stopped with readings that could not be stored; none of them was acknowledged",
                {{"groups", std::to_string(groups.size())}}
            );
            return false;
        }
        watch_disk();
        if (disk_full_) make_room();
        lanes_.pause(delay);
        delay = std::min(delay * 2, options_.last_retry_delay);
    }
}

Status Writer::Loop::open_session() {
    if (session_ != nullptr) return {};
    auto opened = WriteSession::open(store_.write_options());
    if (!opened) return tl::make_unexpected(opened.error());
    session_ = std::move(*opened);
    return {};
}

Status Writer::Loop::commit(std::vector<IngestGroup>& groups) {
    if (auto opened = open_session(); !opened) return opened;
    const auto begun = std::chrono::steady_clock::now();
    auto committed = session_->commit(groups, clock_.now());
    if (!committed) {
        session_.reset();
        return tl::make_unexpected(committed.error());
    }
    const auto took = std::chrono::steady_clock::now() - begun;
    last_commit_micros_ = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    const IngestOutcome& outcome = committed->outcome;
    last_group_items_ = outcome.stored + outcome.duplicates + outcome.quarantined;
    commits_.fetch_add(1, std::memory_order_relaxed);
    refused_ = session_->refused_rows() + session_->refused_changes();
    store_.set_last_stream_sequence(committed->last_sequence);
    // Room first: who is told that its message is stored may send the next one at once.
    lanes_.finished();
    if (last_group_items_ > 0) outcomes_.committed(outcome);
    if (!committed->batch->events.empty()) stored_.stored(std::move(committed->batch));
    acknowledge(groups);
    return {};
}

void Writer::Loop::acknowledge(const std::vector<IngestGroup>& groups) {
    for (auto& [sink, tokens] : acks_) tokens.clear();
    for (const IngestGroup& group : groups) {
        for (const AckToken& token : group.acks) {
            auto found = std::find_if(acks_.begin(), acks_.end(), [&](const auto& entry) {
                return entry.first == token.sink;
            });
            if (found == acks_.end()) found = acks_.insert(acks_.end(), {token.sink, {}});
            found->second.push_back(token);
        }
    }
    for (const auto& [sink, tokens] : acks_) {
        if (!tokens.empty()) sink->committed(tokens);
    }
}

void Writer::Loop::failed(const Error& error) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    disk_full_ = error.code == Errc::resource_exhausted;
    if (failing_.exchange(true)) return;
    log_.error(
        k_component,
        disk_full_ ? "no room to store readings; nothing is acknowledged until there is: free some "
                     "space or shorten the retention"
                   : "readings can't be stored; nothing is acknowledged until they can: check the "
                     "disk and its file system",
        {{"reason", error.detail}}
    );
}

void Writer::Loop::make_room() {
    // A WAL that has been copied is written from its start again, so it need not grow. Where the
    // database has no room either, the next attempt says so.
    if (open_session() && !session_->connection().checkpoint()) session_.reset();
}

void Writer::Loop::recovered() {
    if (!failing_.exchange(false)) return;
    disk_full_ = false;
    log_.info(k_component, "readings are stored again");
}

void Writer::Loop::housekeeping() {
    if (session_ == nullptr && !open_session()) return;
    Status done;
    if (session_->connection().wal_frames() >= k_checkpoint_frames) {
        done = session_->connection().checkpoint();
    }
    if (done) done = retain();
    if (done) return;
    // The next attempt starts on a new connection; nothing waits for an acknowledgement here.
    session_.reset();
    more_retention_ = false;
    log_.warn(
        k_component,
        "looking after the store failed; it is tried again",
        {{"reason", done.error().detail}}
    );
}

Status Writer::Loop::retain() {
    const SteadyTime now = clock_.steady_now();
    if (!more_retention_ && now < next_retention_) return {};
    next_retention_ = now + k_retention_interval;
    const auto step = retention_.step(session_->connection(), clock_.now());
    if (!step) return tl::make_unexpected(step.error());
    more_retention_ = step->more;
    if (step->hours_gone) session_->forget_hours();
    retained_rows_.fetch_add(step->rows, std::memory_order_relaxed);
    return {};
}

void Writer::Loop::watch_disk() {
    disk_.look();
    const auto level = disk_.level();
    if (level == told_level_) return;
    told_level_ = level;
    const LogField free{"free_bytes", std::to_string(disk_.free_bytes())};
    const LogField used{"store_bytes", std::to_string(disk_.database_bytes() + disk_.wal_bytes())};
    if (level == DiskWatch::Level::normal) {
        log_.info(k_component, "there is room on the disk again", {free, used});
    } else if (level == DiskWatch::Level::alert) {
        log_.warn(
            k_component, "the disk fills up: free some space or shorten the retention", {free, used}
        );
    } else {
        log_.error(
            k_component,
            "the disk is full: no more readings are taken until there is room; reads go on. Free "
            "some space or shorten the retention",
            {free, used}
        );
    }
}

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

Health Writer::health() const {
    return loop_->health();
}

void Writer::collect(MetricSink& sink) const {
    loop_->collect(sink);
}

}  // namespace modax::landing
