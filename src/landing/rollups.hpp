// Keeps the rollups (1 m, 1 h, 1 d of every device and metric) up to date, behind the writer, on a
// thread of its own. Sums up older readings too, newest hour first, when a database comes from
// before the rollups. Owned by app, made before the writer, whose retention then leaves alone what
// is not summed up yet.
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "landing/options.hpp"
#include "landing/store.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace modax::landing {

class RollupPass;

// Thread-safe.
class Rollups final : public MetricSource {
public:
    // The store must outlive it.
    Rollups(Store& store, const RollupOptions& options, const Clock& clock, Log& log);
    ~Rollups() override;

    // True when all that was stored before the call is summed up.
    bool caught_up() const;
    // modax_rollup_lag_seconds, modax_rollup_backfill_hours, modax_rollup_lost_total.
    void collect(MetricSink& sink) const override;

private:
    void run(const std::stop_token& stop) noexcept;
    // True when there is more to do at once.
    bool step();
    void failed(const Error& error);

    Store& store_;
    const RollupOptions options_;
    const Clock& clock_;
    Log& log_;
    std::unique_ptr<RollupPass> pass_;
    std::optional<SteadyTime> failing_since_;
    bool failing_ = false;

    std::atomic<std::uint64_t> through_{0};
    std::atomic<std::int64_t> settled_{0};  // microseconds since 1970
    std::atomic<std::uint64_t> backfill_{0};
    std::atomic<std::uint64_t> lost_{0};
    std::atomic<std::uint64_t> unnamed_{0};
    std::atomic<bool> begun_{false};

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: ended before anything it uses goes
};

}  // namespace modax::landing
