#include "store/upkeep.hpp"

#include "store/schema.hpp"

#include <array>
#include <utility>

namespace modax::store {
namespace {

// A rollup of a day of many devices takes longer than any other statement.
constexpr std::chrono::minutes k_statement_timeout{5};
constexpr std::chrono::hours k_sweep_interval{1};
// Weeks are there this long before their first reading.
constexpr const char* k_ahead = "14 days";
constexpr std::int64_t k_minutes_at_once = 5000;
constexpr const char* k_rows_at_once = "20000";
constexpr const char* k_lead_lock = "SELECT pg_try_advisory_lock(1297040449, 2)";

Result<bool> said(Connection& connection, std::string_view statement, const Values& values) {
    const auto rows = connection.query(statement, values);
    if (!rows) return tl::make_unexpected(rows.error());
    return rows->count() == 1 && rows->flag(0, 0);
}

// Until nothing is left, the thread is told to stop, or something fails.
template <class Piece>
Status repeat(const std::stop_token& stop, Piece piece) {
    while (!stop.stop_requested()) {
        const auto more = piece();
        if (!more) return tl::make_unexpected(more.error());
        if (!*more) break;
    }
    return {};
}

}  // namespace

Result<bool> make_partition(Connection& connection) {
    return said(connection, "SELECT modax_internal.make_next_partition($1::interval)", {k_ahead});
}

Result<bool> refresh_rollups(Connection& connection) {
    const auto rows = connection.query(
        "SELECT modax_internal.refresh_rollups($1::integer)", {std::to_string(k_minutes_at_once)}
    );
    if (!rows) return tl::make_unexpected(rows.error());
    return rows->integer(0, 0) == k_minutes_at_once;
}

Result<bool> drop_old(Connection& connection, const UpkeepOptions& options, Timestamp now) {
    struct Kept {
        const char* table;
        std::chrono::milliseconds time;
    };
    const std::array tables{
        Kept{"sensor_data", options.keep_readings},
        Kept{"safety_events", options.keep_readings},
        Kept{"ai_analysis", options.keep_readings},
        Kept{"sensor_data_1m", options.keep_minutes}};
    for (const auto& kept : tables) {
        if (kept.time.count() == 0) continue;
        const auto more = said(
            connection,
            "SELECT modax_internal.drop_next_before($1, $2::timestamptz)",
            {kept.table, format_iso8601(now - kept.time)}
        );
        if (!more || *more) return more;
    }
    for (const auto& [function, time] :
         {std::pair{"hours", options.keep_hours}, std::pair{"days", options.keep_days}}) {
        if (time.count() == 0) continue;
        const auto more = said(
            connection,
            std::string{"SELECT modax_internal.drop_"} + function +
                "_before($1::timestamptz, $2::integer)",
            {format_iso8601(now - time), k_rows_at_once}
        );
        if (!more || *more) return more;
    }
    return false;
}

Upkeep::Upkeep(Target target, const UpkeepOptions& options, const Clock& clock, Log& log)
    : target_{std::move(target)},
      options_{options},
      clock_{clock},
      log_{log},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

Upkeep::~Upkeep() = default;

void Upkeep::run(const std::stop_token& stop) noexcept {
    while (!stop.stop_requested()) {
        try {
            if (auto done = step(stop); done) {
                last_failure_.clear();
            } else if (!stop.stop_requested()) {
                failed(done.error());
            }
            std::unique_lock lock{mutex_};
            wake_.wait_for(lock, stop, options_.interval, [] { return false; });
        } catch (const std::exception& error) {
            log_.error("database", "upkeep of the plant store failed", {{"reason", error.what()}});
            connection_.reset();
        }
    }
}

Status Upkeep::step(const std::stop_token& stop) {
    const auto lead = take_lead(stop);
    leads_ = lead && *lead;
    if (!lead) return tl::make_unexpected(lead.error());
    if (!*lead) return {};
    return work(stop);
}

Result<bool> Upkeep::take_lead(const std::stop_token& stop) {
    // The lock is of the session: whoever loses the connection has lost the lead.
    if (connection_ && connection_->usable() && leads_) return true;
    if (!connection_ || !connection_->usable()) {
        connection_.reset();
        auto opened = Connection::open(target_, stop);
        if (!opened) return tl::make_unexpected(opened.error());
        connection_.emplace(std::move(*opened));
        if (auto set = connection_->set_statement_timeout(k_statement_timeout); !set) {
            return tl::make_unexpected(set.error());
        }
    }
    if (auto current = require_current_schema(*connection_); !current) {
        return tl::make_unexpected(current.error());
    }
    auto locked = said(*connection_, k_lead_lock, {});
    if (locked && *locked) log_.info("database", "this gateway looks after the plant store");
    return locked;
}

Status Upkeep::work(const std::stop_token& stop) {
    if (auto made = repeat(stop, [this] { return make_partition(*connection_); }); !made) {
        return made;
    }
    if (auto done = repeat(stop, [this] { return refresh_rollups(*connection_); }); !done) {
        return done;
    }
    const auto now = clock_.steady_now();
    if (swept_ && now - *swept_ < k_sweep_interval) return {};
    const auto sweep = [this] { return drop_old(*connection_, options_, clock_.now()); };
    if (auto swept = repeat(stop, sweep); !swept) return swept;
    if (auto done = connection_->query("SELECT modax_internal.analyze()"); !done) {
        return tl::make_unexpected(done.error());
    }
    swept_ = now;
    return {};
}

// Once for each reason: an outage lasts longer than the interval.
void Upkeep::failed(const Error& error) {
    if (error.detail == last_failure_) return;
    last_failure_ = error.detail;
    log_.warn(
        "database",
        "upkeep of the plant store has to wait; it is tried again",
        {{"reason", error.detail}}
    );
}

}  // namespace modax::store
