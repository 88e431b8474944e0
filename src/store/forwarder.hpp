// Carries what the landing store has into the plant's PostgreSQL, oldest first. One thread of its
// own; nobody waits for it: while the database is away, rows wait on the disk. A row leaves the
// spool after its commit there, so it may be sent twice, never not at all; sent twice it is stored
// once. Rows the database refuses one by one go to the quarantine, the others go on.
#pragma once

#include "core/clock.hpp"
#include "core/health.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/plant_store.hpp"
#include "core/random.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace modax::store {

struct ForwarderOptions {
    std::size_t batch = 10'000;  // rows at most
    // Between two batches when little waits: larger ones cost the database less.
    std::chrono::milliseconds interval{250};
    std::chrono::milliseconds first_retry_delay{500};
    std::chrono::milliseconds last_retry_delay{30'000};
};

// Thread-safe.
class Forwarder final : public HealthSource, public MetricSource {
public:
    // All must outlive it. `room`: bytes the landing store may still grow by.
    Forwarder(
        PlantSpool& spool,
        PlantStore& store,
        std::function<std::uint64_t()> room,
        const ForwarderOptions& options,
        const Clock& clock,
        Random& random,
        Log& log
    );
    ~Forwarder() override { stop(); }
    // Ends the thread, within the time an interrupted call takes; what waits, waits. Idempotent.
    void stop();

    // True when everything stored before the call is in the plant store.
    bool caught_up() const;
    // Part "database": always ready, because intake goes on without it; tells what is wrong.
    Health health() const override;
    void collect(MetricSink& sink) const override;

private:
    void run(const std::stop_token& stop) noexcept;
    // True when there is more to do at once.
    bool step(const std::stop_token& stop);
    // False when it was stopped.
    bool write(PlantBatch batch, const std::stop_token& stop);
    void refuse(const PlantBatch& row, const std::string& detail);
    void written(const PlantWritten& rows, std::chrono::steady_clock::duration took);
    void failed(const PlantFailure& failure);
    void succeeded();
    void spool_failed(const Error& error);
    void pause(const std::stop_token& stop, std::chrono::milliseconds length);
    void sample();

    PlantSpool& spool_;
    PlantStore& store_;
    const std::function<std::uint64_t()> room_;
    const ForwarderOptions options_;
    const Clock& clock_;
    Random& random_;
    Log& log_;

    // Of the thread.
    PlantPosition position_;
    std::size_t limit_;
    unsigned attempts_ = 0;
    bool spool_failing_ = false;
    std::vector<RejectedMessage> refused_;
    std::optional<SteadyTime> sampled_;
    std::uint64_t sampled_rows_ = 0;
    std::uint64_t sampled_room_ = 0;

    std::atomic<std::uint64_t> through_{0};
    std::atomic<bool> idle_{false};        // nothing waited at the last look
    std::atomic<std::int64_t> oldest_{0};  // microseconds since 1970; 0: nothing waits
    std::atomic<std::uint64_t> rows_{0};
    std::atomic<std::uint64_t> duplicates_{0};
    std::atomic<std::uint64_t> quarantined_{0};
    std::atomic<std::uint64_t> failures_{0};
    std::atomic<std::uint64_t> last_batch_{0};
    std::atomic<bool> connected_{false};
    std::atomic<double> rate_{0};    // rows/s
    std::atomic<double> growth_{0};  // of the landing store, bytes/s

    mutable std::mutex problem_mutex_;
    std::string problem_;  // why nothing is forwarded; empty: all is well

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: ended before anything it uses goes
};

}  // namespace modax::store
