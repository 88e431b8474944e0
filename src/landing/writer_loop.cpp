#include "landing/writer_loop.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace modax::landing {
namespace {

// How long an idle writer sleeps before it looks after disk, retention and WAL.
constexpr std::chrono::milliseconds k_idle{500};
// Between two steps of retention when there is more to delete and nothing to commit.
constexpr std::chrono::milliseconds k_busy_retention{5};

}  // namespace

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
      reserve_{
          files, store.write_options().file.parent_path() / "modax.reserve", options.reserve_bytes},
      checkpointer_{store.write_options(), log},
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
    auto committed = [&] {
        const std::lock_guard turn{store_.write_turn()};
        return session_->commit(groups, clock_.now());
    }();
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
    checkpointer_.committed(session_->connection().wal_frames());
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

}  // namespace modax::landing
