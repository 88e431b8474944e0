#include "landing/rollup_read.hpp"

#include "landing/history_read.hpp"
#include "landing/store_state.hpp"
#include "landing/stream_keys.hpp"

#include <algorithm>
#include <limits>

namespace modax::landing {
namespace {

constexpr std::int64_t width_of(std::size_t level) {
    return k_rollup_levels[level - 1].seconds * k_micros_per_second;
}

// The coarsest rollups of which the buckets are made.
std::size_t level_of(std::int64_t width) {
    for (std::size_t level = k_rollup_levels.size(); level > 0; --level) {
        if (width % width_of(level) == 0) return level;
    }
    return 0;
}

}  // namespace

RollupRead::RollupRead(
    ReaderConnection& reader, const RollupQuery& query, const RollupsKept& kept_from
)
    : reader_{reader},
      query_{query},
      kept_from_{kept_from},
      whole_{to_micros(query.start), to_micros(query.end)},
      bucket_{query.metrics} {}

Status RollupRead::run(const std::function<bool(const Bucket&)>& each) {
    if (whole_.begin >= whole_.end) return {};
    each_ = &each;
    if (auto prepared = prepare(); !prepared) return prepared;
    if (auto loaded = load_state(); !loaded) return loaded;
    for (const Piece& piece : plan_) {
        const Status done = piece.level == 0 ? collect_readings(piece.span)
                                             : collect_rollups(piece.span, piece.level);
        if (!done || ended_) return done;
    }
    while (!ended_ && next_pending_ < pending_.size()) {
        begin(start_of(to_micros(pending_[next_pending_].time)));
    }
    if (!ended_) flush();
    return {};
}

Status RollupRead::prepare() {
    Connection& connection = reader_.connection;
    if (auto loaded = metrics_.load(connection); !loaded) return loaded;
    if (reader_.rollups_prepared) return {};
    std::vector<std::pair<Statement*, std::string>> statements{
        {&reader_.rollup_state,
         "SELECT through, (SELECT min(first) FROM stream_log) FROM rollup_state"},
        {&reader_.rollup_backfill,
         "SELECT hour FROM rollup_backfill WHERE hour BETWEEN ?2 AND ?3 AND device=?1"
         " ORDER BY hour"}};
    for (std::size_t i = 0; i < k_rollup_levels.size(); ++i) {
        statements.emplace_back(
            &reader_.rollup_buckets[i],
            "SELECT start, metric, " MODAX_SUMMARY_COLUMNS " FROM " +
                std::string{k_rollup_levels[i].table} +
                " WHERE device=?1 AND start >= ?2 AND start < ?3 ORDER BY start, metric"
        );
    }
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = connection.prepare(*statement, sql); !prepared) return prepared;
    }
    reader_.rollups_prepared = true;
    return {};
}

Status RollupRead::load_state() {
    Statement& state = reader_.rollup_state;
    const StatementScope scope{state};
    if (state.step() != Step::row) return failure();
    const auto through = static_cast<std::uint64_t>(state.integer(0));
    if (!state.is_null(1) && static_cast<std::uint64_t>(state.integer(1)) > through + 1) {
        plan(whole_, 0);
        return {};
    }
    if (auto loaded = load_backfill(); !loaded) return loaded;
    plan(whole_, level_of(query_.width.count()));
    return load_pending(through);
}

Status RollupRead::load_backfill() {
    Statement& hours = reader_.rollup_backfill;
    const StatementScope scope{hours};
    hours.bind(1, std::int64_t{query_.device->number()})
        .bind(2, hour_of(whole_.begin))
        .bind(3, hour_of(whole_.end - 1));
    Step step = Step::done;
    while ((step = hours.step()) == Step::row) {
        const std::int64_t begin = hours.integer(0) * k_micros_per_hour;
        const Span span{
            std::max(begin, whole_.begin), std::min(begin + k_micros_per_hour, whole_.end)};
        if (!unsummed_.empty() && unsummed_.back().end == span.begin) {
            unsummed_.back().end = span.end;
        } else {
            unsummed_.push_back(span);
        }
    }
    return step == Step::failed ? Status{failure()} : Status{};
}

Status RollupRead::load_pending(std::uint64_t through) {
    Statement& log = reader_.stream_from;
    std::vector<StreamKey> keys;
    {
        const StatementScope scope{log};
        log.bind(1, static_cast<std::int64_t>(through + 1));
        Step step = Step::done;
        while ((step = log.step()) == Step::row) {
            auto number = static_cast<std::uint64_t>(log.integer(0));
            StreamKeyDecoder decoder{log.text(1)};
            for (auto key = decoder.next(); key; key = decoder.next(), ++number) {
                const bool ours = number > through && !key->safety &&
                                  key->device == query_.device->number() &&
                                  key->time >= whole_.begin && key->time < whole_.end;
                if (ours && !in_readings_part(key->time)) keys.push_back(*key);
            }
        }
        if (step == Step::failed) return failure();
    }
    std::sort(keys.begin(), keys.end(), [](const StreamKey& a, const StreamKey& b) {
        return a.time < b.time;
    });
    for (const StreamKey& key : keys) {
        Statement& row = reader_.reading_by_key;
        const StatementScope scope{row};
        row.bind(1, hour_of(key.time))
            .bind(2, std::int64_t{key.device})
            .bind(3, key.time)
            .bind(4, key.sequence);
        const Step step = row.step();
        if (step == Step::failed) return failure();
        if (step == Step::row) pending_.push_back(read_reading(row, *query_.device));
    }
    return {};
}

bool RollupRead::in_readings_part(std::int64_t time) const {
    return std::any_of(plan_.begin(), plan_.end(), [time](const Piece& piece) {
        return piece.level == 0 && time >= piece.span.begin && time < piece.span.end;
    });
}

void RollupRead::plan(Span span, std::size_t level) {
    if (span.begin >= span.end) return;
    if (level == 0) {
        plan_.push_back({span, 0});
        return;
    }
    // Rollups that are no longer kept; the readings may be.
    const std::int64_t kept_from = kept_from_[level - 1];
    if (span.begin < kept_from) {
        plan({span.begin, std::min(kept_from, span.end)}, 0);
        span.begin = std::min(kept_from, span.end);
    }
    const std::int64_t width = width_of(level);
    std::int64_t next = ceil_to(span.begin, width);
    const std::int64_t last = floor_to(span.end, width);
    if (next >= last) {
        plan(span, level - 1);
        return;
    }
    plan({span.begin, next}, level - 1);
    for (const Span& unsummed : unsummed_) {
        if (unsummed.end <= next) continue;
        if (unsummed.begin >= last) break;
        const std::int64_t from = floor_to(std::max(unsummed.begin, next), width);
        const std::int64_t to = std::min(ceil_to(std::min(unsummed.end, last), width), last);
        if (next < from) plan_.push_back({{next, from}, level});
        // A coarse bucket may hold more hours that are not summed up; all of it is done below.
        plan({from, to}, level == 1 ? 0 : level - 1);
        next = to;
    }
    if (next < last) plan_.push_back({{next, last}, level});
    plan({last, span.end}, level - 1);
}

Status RollupRead::collect_readings(Span span) {
    const HistoryQuery query{
        .device = query_.device,
        .start = from_micros(span.begin),
        .end = from_micros(span.end),
        .limit = std::numeric_limits<std::size_t>::max(),
        .after = {},
        .newest_first = false};
    return HistoryRead{reader_, query}.run([this](const Reading& reading) {
        open(to_micros(reading.time));
        if (ended_) return false;
        bucket_.add(reading);
        return true;
    });
}

Status RollupRead::collect_rollups(Span span, std::size_t level) {
    if (span.begin >= span.end || ended_) return {};
    Statement& rows = reader_.rollup_buckets[level - 1];
    const StatementScope scope{rows};
    rows.bind(1, std::int64_t{query_.device->number()})
        .bind(2, span.begin / k_micros_per_second)
        .bind(3, span.end / k_micros_per_second);
    Step step = Step::done;
    while (!ended_ && (step = rows.step()) == Step::row) {
        const std::int64_t start = rows.integer(0);
        open(start * k_micros_per_second);
        if (ended_) break;
        const std::int64_t metric = rows.integer(1);
        if (metric == k_readings_metric) {
            bucket_.add_readings(static_cast<std::uint64_t>(rows.integer(2)));
            continue;
        }
        const auto* known = metrics_.find(metric);
        if (known != nullptr && bucket_.wants(known->name, known->flag)) {
            bucket_.merge(known->name, known->flag, read_summary(rows, 2, start));
        }
    }
    return step == Step::failed ? Status{failure()} : Status{};
}

std::int64_t RollupRead::start_of(std::int64_t time) const {
    return query_.width.count() == 0 ? whole_.begin : floor_to(time, query_.width.count());
}

void RollupRead::open(std::int64_t time) {
    const std::int64_t start = start_of(time);
    while (!ended_ && next_pending_ < pending_.size()) {
        const std::int64_t earlier = start_of(to_micros(pending_[next_pending_].time));
        if (earlier >= start) break;
        begin(earlier);
    }
    if (!ended_) begin(start);
}

void RollupRead::begin(std::int64_t start) {
    if (!bucket_.empty() && to_micros(bucket_.start()) == start) return;
    flush();
    if (ended_) return;
    bucket_.begin(from_micros(start));
    while (next_pending_ < pending_.size() &&
           start_of(to_micros(pending_[next_pending_].time)) == start) {
        bucket_.add(pending_[next_pending_++]);
    }
}

void RollupRead::flush() {
    if (!bucket_.empty()) ended_ = !(*each_)(bucket_);
}

tl::unexpected<Error> RollupRead::failure() const {
    return tl::make_unexpected(
        reader_.connection.failure("read the summed-up history of " + query_.device->id())
    );
}

Status Store::rollups(const RollupQuery& query, const std::function<bool(const Bucket&)>& each)
    const {
    const RollupsKept kept_from = [this] {
        const std::lock_guard lock{state_->coverage_mutex};
        return state_->rollups_kept;
    }();
    return state_->readers.read([&](ReaderConnection& reader) {
        return RollupRead{reader, query, kept_from}.run(each);
    });
}

RollupCoverage Store::rollup_coverage() const {
    const std::lock_guard lock{state_->coverage_mutex};
    return state_->coverage;
}

void Store::set_rollups_kept(const RollupsKept& from) {
    const std::lock_guard lock{state_->coverage_mutex};
    state_->rollups_kept = from;
    state_->coverage.minutes = from_micros(from[0]);
    state_->coverage.hours = from_micros(from[1]);
}

void Store::set_readings_kept(Timestamp from) {
    const std::lock_guard lock{state_->coverage_mutex};
    state_->coverage.readings = from;
}

void Store::set_rollups_run(bool run) {
    state_->rollups_run = run;
}

bool Store::rollups_run() const {
    return state_->rollups_run;
}

}  // namespace modax::landing
