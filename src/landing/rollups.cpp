#include "landing/rollups.hpp"

#include "landing/rollup_pass.hpp"
#include "landing/store_state.hpp"

#include <algorithm>
#include <exception>

namespace modax::landing {
namespace {

constexpr std::string_view k_component = "rollups";
constexpr std::chrono::milliseconds k_retry{5000};
// Retention waits no longer than this for rollups that fail.
constexpr std::chrono::hours k_longest_wait{1};

}  // namespace

Rollups::Rollups(Store& store, const RollupOptions& options, const Clock& clock, Log& log)
    : store_{store}, options_{options}, clock_{clock}, log_{log}, settled_{to_micros(clock.now())} {
    store_.set_rollups_run(true);
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

Rollups::~Rollups() {
    thread_.request_stop();
    thread_.join();
    store_.set_rollups_run(false);
}

bool Rollups::caught_up() const {
    return begun_ && backfill_ == 0 && through_ >= store_.last_stream_sequence();
}

void Rollups::run(const std::stop_token& stop) noexcept {
    while (!stop.stop_requested()) {
        auto pause = options_.interval;
        try {
            if (step()) pause = std::chrono::milliseconds{1};
        } catch (const std::exception& error) {
            failed({Errc::io_error, error.what()});
        }
        if (failing_) pause = std::max(pause, k_retry);
        std::unique_lock lock{mutex_};
        wake_.wait_for(lock, stop, pause, [] { return false; });
    }
    pass_.reset();
}

bool Rollups::step() {
    if (pass_ == nullptr) {
        auto opened = RollupPass::open(store_.write_options(), store_.state_->devices);
        if (!opened) {
            failed(opened.error());
            return false;
        }
        pass_ = std::move(*opened);
    }
    // Before the pass deletes what is older.
    store_.set_rollups_kept(RollupPass::kept_from(clock_.now(), options_));
    const auto outcome = pass_->run(store_.write_turn(), clock_.now(), options_);
    if (!outcome) {
        failed(outcome.error());
        return false;
    }
    failing_ = false;
    through_ = outcome->through;
    settled_ = to_micros(outcome->settled);
    backfill_ = outcome->backfill;
    lost_ += outcome->lost;
    unnamed_ += outcome->unnamed;
    begun_ = true;
    if (outcome->lost > 0) {
        log_.warn(
            k_component,
            "readings were deleted before they were summed up: the rollups lack them",
            {{"readings", std::to_string(outcome->lost)}}
        );
    }
    store_.set_rollups_run(true);
    failing_since_.reset();
    store_.set_readings_kept(from_micros(outcome->oldest_hour * k_micros_per_hour));
    return outcome->more;
}

void Rollups::failed(const Error& error) {
    pass_.reset();
    const SteadyTime now = clock_.steady_now();
    if (!failing_since_) failing_since_ = now;
    if (now - *failing_since_ > k_longest_wait) store_.set_rollups_run(false);
    if (std::exchange(failing_, true)) return;
    log_.warn(
        k_component, "summing up readings failed; it is tried again", {{"reason", error.detail}}
    );
}

void Rollups::collect(MetricSink& sink) const {
    const bool behind = through_ < store_.last_stream_sequence();
    const auto lag = clock_.now() - from_micros(settled_);
    sink.gauge(
        "modax_rollup_lag_seconds",
        "Age of the oldest stored reading that the rollups do not have yet; 0: they have all",
        behind ? std::max(0.0, std::chrono::duration<double>(lag).count()) : 0.0
    );
    sink.gauge(
        "modax_rollup_backfill_hours",
        "Hours of a device from before the rollups that are not summed up yet",
        static_cast<double>(backfill_.load())
    );
    sink.counter(
        "modax_rollup_lost_total",
        "Readings that were deleted before they were summed up",
        static_cast<double>(lost_.load())
    );
    sink.counter(
        "modax_rollup_unnamed_total",
        "Values left out because there are too many names of metrics",
        static_cast<double>(unnamed_.load())
    );
}

}  // namespace modax::landing
