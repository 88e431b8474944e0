#include "landing/rollup_pass.hpp"

#include "landing/stream_keys.hpp"

#include <algorithm>
#include <chrono>

namespace modax::landing {
namespace {

// Of older readings summed up in one pass, after the first hour.
constexpr std::size_t k_backfill_readings = 10'000;
constexpr std::size_t k_fewest_events = 500;
constexpr std::size_t k_most_events = 20'000;
// The writing part is made shorter above, longer below.
constexpr std::chrono::milliseconds k_long_write{20};
constexpr std::chrono::milliseconds k_short_write{5};
constexpr std::chrono::minutes k_forget_interval{1};
constexpr std::int64_t k_rows_per_forget = 2000;

std::int64_t second_of(Timestamp time) {
    return floor_to(to_micros(time), k_micros_per_second) / k_micros_per_second;
}

}  // namespace

Result<std::unique_ptr<RollupPass>> RollupPass::open(
    const ConnectionOptions& options, const DeviceRegistry& devices
) {
    auto opened = Connection::open(options);
    if (!opened) return tl::make_unexpected(opened.error());
    std::unique_ptr<RollupPass> pass{new RollupPass{devices}};
    pass->connection_ = std::move(*opened);
    if (auto prepared = pass->prepare(); !prepared) return tl::make_unexpected(prepared.error());
    return pass;
}

Status RollupPass::prepare() {
    std::vector<std::pair<Statement*, std::string>> statements{
        {&state_,
         "SELECT through, (SELECT max(first + count - 1) FROM stream_log) FROM rollup_state"},
        {&log_begin_, "SELECT min(first) FROM stream_log"},
        {&log_from_,
         "SELECT first, count, committed, keys FROM stream_log WHERE first >= coalesce("
         "(SELECT max(first) FROM stream_log WHERE first <= ?1), ?1) ORDER BY first"},
        {&reading_,
         "SELECT " MODAX_READING_COLUMNS
         " FROM readings WHERE hour=?1 AND device=?2 AND time=?3 AND sequence=?4"},
        {&hour_, "SELECT " MODAX_READING_COLUMNS " FROM readings WHERE hour=?1 AND device=?2"},
        {&waits_, "SELECT 1 FROM rollup_backfill WHERE hour=?1 AND device=?2"},
        {&first_hour_, "SELECT min(start) FROM rollups_1h WHERE device=?1"},
        {&next_backfill_, "SELECT hour, device FROM rollup_backfill ORDER BY hour DESC, device"}};
    for (std::size_t level = 0; level < k_rollup_levels.size(); ++level) {
        const std::string table{k_rollup_levels[level].table};
        statements.emplace_back(
            &bucket_[level],
            "SELECT metric, " MODAX_SUMMARY_COLUMNS " FROM " + table +
                " WHERE device=?1 AND start=?2"
        );
        statements.emplace_back(
            &put_[level],
            "REPLACE INTO " + table +
                "(device, start, metric, " MODAX_SUMMARY_COLUMNS
                ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"
        );
        statements.emplace_back(
            &old_[level],
            "DELETE FROM " + table + " WHERE device=?1 AND start < ?2 AND start <= coalesce(" +
                "(SELECT start FROM " + table + " WHERE device=?1 ORDER BY start LIMIT 1 OFFSET " +
                std::to_string(k_rows_per_forget) + "), ?2)"
        );
    }
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = connection_.prepare(*statement, sql); !prepared) return prepared;
    }
    return metrics_.load(connection_);
}

Result<RollupPass::Outcome> RollupPass::run(
    WriteTurn& turn, Timestamp now, const RollupOptions& options
) {
    outcome_ = {};
    events_.clear();
    waiting_.clear();
    backfilled_.clear();
    minutes_.clear();
    // One snapshot: the log and the readings say the same.
    if (auto begun = connection_.execute("BEGIN"); !begun) {
        return tl::make_unexpected(begun.error());
    }
    Status done = read(now);
    if (auto ended = connection_.execute("COMMIT"); !ended && done) done = ended;
    if (!done) return tl::make_unexpected(done.error());
    const std::lock_guard mine{turn};
    const auto begun = std::chrono::steady_clock::now();
    if (done = write(now, options); !done) return tl::make_unexpected(done.error());
    const auto took = std::chrono::steady_clock::now() - begun;
    if (took > k_long_write) events_per_pass_ = std::max(k_fewest_events, events_per_pass_ / 2);
    if (took < k_short_write) events_per_pass_ = std::min(k_most_events, events_per_pass_ * 2);
    return outcome_;
}

Status RollupPass::read(Timestamp now) {
    std::int64_t last = 0;
    {
        const StatementScope scope{state_};
        if (state_.step() != Step::row) return failure("read how far the rollups are");
        outcome_.through = begun_at_ = static_cast<std::uint64_t>(state_.integer(0));
        last = state_.is_null(1) ? state_.integer(0) : state_.integer(1);
    }
    {
        const StatementScope scope{log_begin_};
        if (log_begin_.step() != Step::row) return failure("read the start of the stream log");
        const auto first = static_cast<std::uint64_t>(log_begin_.integer(0));
        if (first > outcome_.through + 1) {
            outcome_.lost = first - 1 - outcome_.through;
            outcome_.through = first - 1;
        }
    }
    if (auto taken = read_log(last, now); !taken) return taken;
    if (auto taken = take_events(); !taken) return taken;
    if (outcome_.through == static_cast<std::uint64_t>(last)) {
        outcome_.settled = now;
        if (auto found = find_backfill(); !found) return found;
    } else {
        outcome_.more = true;
    }
    const auto waiting = connection_.integer("SELECT count(*) FROM rollup_backfill");
    if (!waiting) return tl::make_unexpected(waiting.error());
    outcome_.backfill = static_cast<std::uint64_t>(*waiting) - backfilled_.size();
    outcome_.more = outcome_.more || outcome_.backfill > 0;
    return {};
}

Status RollupPass::read_log(std::int64_t last, Timestamp now) {
    outcome_.settled = now;
    if (outcome_.through >= static_cast<std::uint64_t>(last)) return {};
    const StatementScope scope{log_from_};
    log_from_.bind(1, static_cast<std::int64_t>(outcome_.through + 1));
    Step step = Step::done;
    std::uint64_t events = 0;
    // Whole rows of the log only; the first one may begin before.
    while (events < events_per_pass_ && (step = log_from_.step()) == Step::row) {
        auto number = static_cast<std::uint64_t>(log_from_.integer(0));
        const auto count = static_cast<std::uint64_t>(log_from_.integer(1));
        outcome_.settled = from_micros(log_from_.integer(2));
        StreamKeyDecoder keys{log_from_.text(3)};
        const std::uint64_t end = number + count;
        for (auto key = keys.next(); key; key = keys.next(), ++number) {
            if (number <= outcome_.through || key->safety) continue;
            events_.push_back(
                {hour_of(key->time), std::int64_t{key->device}, key->time, key->sequence}
            );
        }
        events += count;
        outcome_.through = end - 1;
    }
    if (step == Step::failed) return failure("read the stream log");
    return {};
}

Status RollupPass::take_events() {
    std::sort(events_.begin(), events_.end());
    for (const Event& event : events_) {
        const auto waits = waits_for_backfill(event.hour, event.device);
        if (!waits) return tl::make_unexpected(waits.error());
        const Device* device = devices_.find(static_cast<std::uint32_t>(event.device));
        if (*waits || device == nullptr) continue;
        const StatementScope scope{reading_};
        reading_.bind(1, event.hour)
            .bind(2, event.device)
            .bind(3, event.time)
            .bind(4, event.sequence);
        const Step step = reading_.step();
        if (step == Step::failed) return failure("read a reading for the rollups");
        if (step == Step::done) {
            ++outcome_.lost;  // retention was faster
            continue;
        }
        add(read_reading(reading_, *device));
    }
    return {};
}

Result<bool> RollupPass::waits_for_backfill(std::int64_t hour, std::int64_t device) {
    const auto [known, fresh] = waiting_.try_emplace({hour, device}, false);
    if (!fresh) return known->second;
    const StatementScope scope{waits_};
    waits_.bind(1, hour).bind(2, device);
    const Step step = waits_.step();
    if (step == Step::failed) return failure("read which hours wait for their rollups");
    known->second = step == Step::row;
    return known->second;
}

// Only when the log is at its end in this snapshot, so that an hour's rows are just those events
// that were passed over or came before the rollups.
Status RollupPass::find_backfill() {
    const StatementScope scope{next_backfill_};
    std::size_t before = 0;
    for (const auto& [place, cells] : minutes_) before += cells.readings;
    std::size_t taken = before;
    Step step = Step::done;
    while (taken - before < k_backfill_readings && (step = next_backfill_.step()) == Step::row) {
        const std::pair place{next_backfill_.integer(0), next_backfill_.integer(1)};
        if (auto added = backfill_hour(place.first, place.second); !added) return added;
        backfilled_.insert(place);
        taken = 1;
        for (const auto& [minute, cells] : minutes_) taken += cells.readings;
    }
    if (step == Step::failed) return failure("read which hours wait for their rollups");
    return {};
}

Status RollupPass::backfill_hour(std::int64_t hour, std::int64_t number) {
    const Device* device = devices_.find(static_cast<std::uint32_t>(number));
    if (device == nullptr) return {};
    const StatementScope scope{hour_};
    hour_.bind(1, hour).bind(2, number);
    Step step = Step::done;
    while ((step = hour_.step()) == Step::row) add(read_reading(hour_, *device));
    if (step == Step::failed) return failure("read an hour for the rollups");
    return {};
}

void RollupPass::add(const Reading& reading) {
    const Summary::Key key{to_micros(reading.time), reading.sequence};
    const std::int64_t minute = floor_to(second_of(reading.time), 60);
    RollupCells& cells = minutes_[{std::int64_t{reading.device->number()}, minute}];
    ++cells.readings;
    for (std::size_t i = 0; i < k_quantity_count; ++i) {
        const double value = reading.quantities[i];
        if (!std::isnan(value)) cells.of(static_cast<std::int64_t>(i)).add(value, key);
    }
    if (reading.is_safe) cells.of(k_is_safe_metric).add(*reading.is_safe ? 1 : 0, key);
    for (const Metric& metric : reading.metrics) {
        const auto* flag = std::get_if<bool>(&metric.value);
        const auto* number = std::get_if<double>(&metric.value);
        if (flag == nullptr && number == nullptr) continue;
        const std::int64_t known = metrics_.number_of(metric.name, flag != nullptr);
        if (known < 0) {
            ++outcome_.unnamed;
            continue;
        }
        cells.of(known).add(flag != nullptr ? (*flag ? 1 : 0) : *number, key);
    }
}

Status RollupPass::write(Timestamp now, const RollupOptions& options) {
    if (auto begun = connection_.execute("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto saved = metrics_.save(connection_); !saved) return saved;
    Deltas deltas = std::move(minutes_);
    minutes_.clear();
    for (std::size_t level = 0; level < k_rollup_levels.size(); ++level) {
        if (level > 0) {
            Deltas coarse;
            for (const auto& [place, cells] : deltas) {
                const auto start = floor_to(place.second, k_rollup_levels[level].seconds);
                coarse[{place.first, start}].merge(cells);
            }
            deltas = std::move(coarse);
        }
        if (auto merged = merge(level, deltas); !merged) return merged;
    }
    for (const auto& [hour, device] : backfilled_) {
        const auto gone = "DELETE FROM rollup_backfill WHERE hour=" + std::to_string(hour) +
                          " AND device=" + std::to_string(device);
        if (auto deleted = connection_.execute(gone.c_str()); !deleted) return deleted;
    }
    const auto noted = "UPDATE rollup_state SET through=" + std::to_string(outcome_.through) +
                       " WHERE through=" + std::to_string(begun_at_);
    if (auto done = connection_.execute(noted.c_str()); !done) return done;
    if (connection_.changes() != 1) {
        return fail(Errc::unavailable, "another process sums up the readings of this store");
    }
    if (auto forgotten = forget_old(now, options); !forgotten) return forgotten;
    outcome_.oldest_hour = oldest_hour_;
    return connection_.execute("COMMIT");
}

Status RollupPass::merge(std::size_t level, const Deltas& deltas) {
    for (const auto& [place, delta] : deltas) {
        RollupCells cells = delta;
        {
            Statement& rows = bucket_[level];
            const StatementScope scope{rows};
            rows.bind(1, place.first).bind(2, place.second);
            Step step = Step::done;
            while ((step = rows.step()) == Step::row) {
                const std::int64_t metric = rows.integer(0);
                if (metric == k_readings_metric) {
                    cells.readings += static_cast<std::uint64_t>(rows.integer(1));
                    continue;
                }
                const auto& changed = delta.cells();
                const bool concerned =
                    std::any_of(changed.begin(), changed.end(), [metric](const auto& cell) {
                        return cell.first == metric;
                    });
                if (concerned) cells.of(metric).merge(read_summary(rows, 1, place.second));
            }
            if (step == Step::failed) return failure("read a rollup");
        }
        Statement& put = put_[level];
        put.bind(1, place.first).bind(2, place.second).bind(3, k_readings_metric);
        for (int index = 5; index <= 14; ++index) put.bind_null(index);
        put.bind(4, static_cast<std::int64_t>(cells.readings));
        if (put.run() == Step::failed) return failure("write a rollup");
        for (const auto& [metric, summary] : cells.cells()) {
            put.bind(3, metric);
            bind_summary(put, 4, summary, place.second);
            if (put.run() == Step::failed) return failure("write a rollup");
        }
    }
    return {};
}

RollupsKept RollupPass::kept_from(Timestamp now, const RollupOptions& options) {
    RollupsKept from{};
    for (std::size_t level = 0; level < from.size(); ++level) {
        if (options.keep[level].count() == 0) continue;
        from[level] =
            k_micros_per_second *
            floor_to(second_of(now - options.keep[level]), k_rollup_levels[level].seconds);
    }
    return from;
}

Status RollupPass::forget_old(Timestamp now, const RollupOptions& options) {
    if (now < next_forget_ && now + 2 * k_forget_interval > next_forget_) return {};
    next_forget_ = now + k_forget_interval;
    const RollupsKept kept = kept_from(now, options);
    for (std::size_t level = 0; level < k_rollup_levels.size(); ++level) {
        if (options.keep[level].count() == 0) continue;
        const std::int64_t from = kept[level] / k_micros_per_second;
        for (const Device* device : devices_.all()) {
            old_[level].bind(1, std::int64_t{device->number()}).bind(2, from);
            if (old_[level].run() == Step::failed) return failure("delete old rollups");
            if (connection_.changes() >= k_rows_per_forget) {
                outcome_.more = true;
                next_forget_ = now;
            }
        }
    }
    return look_back();
}

Status RollupPass::look_back() {
    const auto oldest = connection_.integer("SELECT hour FROM readings ORDER BY hour LIMIT 1");
    if (!oldest) return tl::make_unexpected(oldest.error());
    oldest_hour_ = 0;
    for (const Device* device : devices_.all()) {
        const StatementScope scope{first_hour_};
        first_hour_.bind(1, std::int64_t{device->number()});
        if (first_hour_.step() != Step::row) return failure("look for the oldest rollup");
        if (first_hour_.is_null(0)) continue;
        const std::int64_t hour = first_hour_.integer(0) / k_rollup_levels[1].seconds;
        if (hour < *oldest) oldest_hour_ = *oldest;
    }
    return {};
}

}  // namespace modax::landing
