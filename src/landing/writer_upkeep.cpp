// The writer when the disk is full or fails, and what it does between commits.
#include "landing/writer_loop.hpp"

namespace modax::landing {
namespace {

constexpr std::chrono::seconds k_retention_interval{5};

}  // namespace

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
    if (reserve_.release()) {
        log_.warn(
            k_component,
            "the disk is full: the reserve was given up to copy the log and delete what "
            "is too old"
        );
    }
    // A WAL that has been copied is written from its start again, so it need not grow.
    if (!checkpointer_.run_now() || !open_session()) return;
    // Where there is no room for this either, the next attempt says so.
    if (!retention_step()) session_.reset();
}

void Writer::Loop::recovered() {
    if (!failing_.exchange(false)) return;
    disk_full_ = false;
    log_.info(k_component, "readings are stored again");
}

void Writer::Loop::housekeeping() {
    if (disk_.level() != DiskWatch::Level::stop) reserve_.keep();
    if (session_ == nullptr && !open_session()) return;
    const Status done = retain();
    if (done) return;
    // The next attempt starts on a new connection; nothing waits for an acknowledgement here.
    session_.reset();
    more_retention_ = false;
    if (done.error().code == Errc::resource_exhausted) make_room();
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
    return retention_step();
}

Status Writer::Loop::retention_step() {
    const std::lock_guard turn{store_.write_turn()};
    // What the rollups do not have yet stays, unless the disk is full.
    const bool keep_unsummed = store_.rollups_run() && !disk_full_;
    const auto step = retention_.step(session_->connection(), clock_.now(), keep_unsummed);
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

}  // namespace modax::landing
