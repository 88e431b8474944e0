// One read of summed-up readings: from the coarsest rollups that fit, the finer ones and the
// readings themselves at the edges, and what the stream log has beyond the rollups. Inside a read
// transaction of the reader; used once, on its thread.
#pragma once

#include "core/device.hpp"
#include "core/rollup.hpp"
#include "landing/options.hpp"
#include "landing/reader_pool.hpp"
#include "landing/rollup_tables.hpp"

#include <functional>
#include <vector>

namespace modax::landing {

class RollupRead {
public:
    RollupRead(ReaderConnection& reader, const RollupQuery& query, const RollupsKept& kept_from);
    Status run(const std::function<bool(const Bucket&)>& each);

private:
    // Half-open, in microseconds.
    struct Span {
        std::int64_t begin;
        std::int64_t end;
    };

    // Level 0: the readings; 1 to 3: k_rollup_levels below it.
    struct Piece {
        Span span;
        std::size_t level;
    };

    Status prepare();
    Status load_state();
    Status load_backfill();
    Status load_pending(std::uint64_t through);
    // Fills plan_ with what makes up `span`, in order of time.
    void plan(Span span, std::size_t level);
    Status collect_readings(Span span);
    Status collect_rollups(Span span, std::size_t level);
    // Makes the bucket of `time` the one at hand, and gives those before it away.
    void open(std::int64_t time);
    void begin(std::int64_t start);
    void flush();
    std::int64_t start_of(std::int64_t time) const;
    bool in_readings_part(std::int64_t time) const;
    tl::unexpected<Error> failure() const;

    ReaderConnection& reader_;
    const RollupQuery& query_;
    const RollupsKept kept_from_;
    Span whole_;
    RollupMetrics metrics_;
    Bucket bucket_;
    const std::function<bool(const Bucket&)>* each_ = nullptr;
    bool ended_ = false;
    // Hours that wait for their rollups, in order.
    std::vector<Span> unsummed_;
    std::vector<Piece> plan_;
    // The readings that the rollups lack, by time.
    std::vector<Reading> pending_;
    std::size_t next_pending_ = 0;
};

}  // namespace modax::landing
