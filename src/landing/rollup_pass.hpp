// One pass of the rollups: takes what the stream log has that is not summed up yet, reads those
// readings by their keys, and merges them into the three tables, in one short transaction that also
// notes how far it came. So nothing is counted twice or left out, whenever the process ends.
// Used by one thread; after a failure it is thrown away.
#pragma once

#include "core/device.hpp"
#include "core/reading.hpp"
#include "landing/options.hpp"
#include "landing/rollup_tables.hpp"
#include "landing/rows.hpp"
#include "landing/write_turn.hpp"

#include <map>
#include <memory>
#include <set>

namespace modax::landing {

class RollupPass {
public:
    struct Outcome {
        bool more = false;           // there is more to do at once
        std::uint64_t through = 0;   // events of the stream log up to this are in
        Timestamp settled;           // everything committed before is in
        std::uint64_t lost = 0;      // events that the log no longer had
        std::uint64_t unnamed = 0;   // values of metrics beyond RollupMetrics::k_max_metrics
        std::uint64_t backfill = 0;  // hours of older readings still to do
        // Of the readings, when there were older ones that retention has deleted; else 0.
        std::int64_t oldest_hour = 0;
    };

    static Result<std::unique_ptr<RollupPass>> open(
        const ConnectionOptions& options, const DeviceRegistry& devices
    );

    static RollupsKept kept_from(Timestamp now, const RollupOptions& options);

    // `turn` is taken for the writing part only. `keep`: by level, 0: for ever.
    Result<Outcome> run(WriteTurn& turn, Timestamp now, const RollupOptions& options);

private:
    using Place = std::pair<std::int64_t, std::int64_t>;  // device, start in seconds
    using Deltas = std::map<Place, RollupCells>;

    explicit RollupPass(const DeviceRegistry& devices) : devices_{devices} {}
    Status prepare();
    Status read(Timestamp now);
    Status read_log(std::int64_t last, Timestamp now);
    Status take_events();
    Status find_backfill();
    Status backfill_hour(std::int64_t hour, std::int64_t device);
    Result<bool> waits_for_backfill(std::int64_t hour, std::int64_t device);
    void add(const Reading& reading);
    Status write(Timestamp now, const RollupOptions& options);
    Status merge(std::size_t level, const Deltas& deltas);
    Status look_back();
    Status forget_old(Timestamp now, const RollupOptions& options);
    tl::unexpected<Error> failure(std::string_view attempted) const {
        return tl::make_unexpected(connection_.failure(attempted));
    }

    struct Event {
        std::int64_t hour;
        std::int64_t device;
        std::int64_t time;
        std::int64_t sequence;
        auto operator<=>(const Event&) const = default;
    };

    const DeviceRegistry& devices_;
    Connection connection_;
    RollupMetrics metrics_;
    Statement state_;
    Statement log_begin_;
    Statement log_from_;
    Statement reading_;
    Statement hour_;
    Statement waits_;
    Statement next_backfill_;
    std::array<Statement, k_rollup_levels.size()> bucket_;
    std::array<Statement, k_rollup_levels.size()> put_;
    std::array<Statement, k_rollup_levels.size()> old_;
    Statement first_hour_;

    // Adapted so that the writing part stays short.
    std::size_t events_per_pass_ = 4000;
    Timestamp next_forget_{};
    std::int64_t oldest_hour_ = 0;

    // Of the pass at hand.
    std::vector<Event> events_;
    std::map<std::pair<std::int64_t, std::int64_t>, bool> waiting_;
    std::set<std::pair<std::int64_t, std::int64_t>> backfilled_;
    Deltas minutes_;
    std::uint64_t begun_at_ = 0;
    Outcome outcome_;
};

}  // namespace modax::landing
