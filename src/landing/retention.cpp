#include "landing/retention.hpp"

#include "landing/rollup_tables.hpp"
#include "landing/rows.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <optional>

namespace modax::landing {
namespace {

constexpr std::int64_t k_rows_per_step = 2000;
constexpr std::int64_t k_log_rows_per_step = 200;
// An event's key with a hash for its sequence, the larger kind.
constexpr std::uint64_t k_log_bytes_per_event = 16;
// The stream log and the quarantine take one part each of this many of the store's size.
constexpr std::uint64_t k_share_of_size = 4;
constexpr std::int64_t k_quarantine_rows_per_step = 500;
// Free pages below this are kept for the next readings; above, this many are given back at a time.
constexpr std::int64_t k_free_pages_kept = 256;

struct Table {
    const char* name;
    std::int64_t kind;
};
constexpr std::array<Table, 2> k_tables{Table{"readings", 0}, Table{"safety_statuses", 1}};

Status change(
    Connection& connection, const std::string& sql, std::initializer_list<std::int64_t> values
) {
    Statement statement;
    if (auto prepared = connection.prepare(statement, sql); !prepared) return prepared;
    int index = 1;
    for (const std::int64_t value : values) statement.bind(index++, value);
    Step step = Step::done;
    do {
        step = statement.step();
    } while (step == Step::row);
    if (step == Step::failed) return tl::make_unexpected(connection.failure(sql));
    return {};
}

Result<std::optional<std::int64_t>> oldest_hour(Connection& connection, const Table& table) {
    const auto sql = "SELECT hour FROM " + std::string{table.name} + " ORDER BY hour LIMIT 1";
    Statement row;
    if (auto prepared = connection.prepare(row, sql); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    switch (row.step()) {
        case Step::row:
            return row.integer(0);
        case Step::done:
            return std::nullopt;
        case Step::failed:
            break;
    }
    return tl::make_unexpected(connection.failure(sql));
}

// Deletes up to k_rows_per_step rows of that hour; true when the hour is empty now.
Result<bool> delete_hour(Connection& connection, const Table& table, std::int64_t hour) {
    const std::string name{table.name};
    Statement bound;
    auto prepared = connection.prepare(
        bound,
        "SELECT device, time, sequence FROM " + name +
            " WHERE hour=?1 ORDER BY device, time, sequence LIMIT 1 OFFSET ?2"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    bound.bind(1, hour).bind(2, k_rows_per_step);
    const Step step = bound.step();
    if (step == Step::failed) return tl::make_unexpected(connection.failure("find old rows"));
    if (step == Step::row) {
        const auto device = bound.integer(0);
        const auto time = bound.integer(1);
        const auto sequence = bound.integer(2);
        bound.reset();
        auto deleted = change(
            connection,
            "DELETE FROM " + name + " WHERE hour=?1 AND (device, time, sequence) < (?2, ?3, ?4)",
            {hour, device, time, sequence}
        );
        if (!deleted) return tl::make_unexpected(deleted.error());
        return false;
    }
    bound.reset();
    if (auto deleted = change(connection, "DELETE FROM " + name + " WHERE hour=?1", {hour});
        !deleted) {
        return tl::make_unexpected(deleted.error());
    }
    return true;
}

// By device, because that is how its key begins.
Status forget_hour(Connection& connection, const Table& table, std::int64_t hour) {
    return change(
        connection,
        "DELETE FROM device_hours WHERE device IN (SELECT number FROM devices) AND kind=?1"
        " AND hour=?2",
        {table.kind, hour}
    );
}

}  // namespace

Result<bool> Retention::too_large(Connection& connection) const {
    if (options_.retention_bytes == 0) return false;
    const auto pages = connection.integer("PRAGMA page_count");
    const auto free = connection.integer("PRAGMA freelist_count");
    const auto size = connection.integer("PRAGMA page_size");
    if (!pages) return tl::make_unexpected(pages.error());
    if (!free) return tl::make_unexpected(free.error());
    if (!size) return tl::make_unexpected(size.error());
    return static_cast<std::uint64_t>((*pages - *free) * *size) > options_.retention_bytes;
}

Result<Retention::Step> Retention::delete_old(
    Connection& connection, Timestamp now, bool keep_unsummed
) {
    Step step;
    const auto large = too_large(connection);
    if (!large) return tl::make_unexpected(large.error());
    std::array<std::optional<std::int64_t>, k_tables.size()> oldest;
    for (std::size_t i = 0; i < k_tables.size(); ++i) {
        const auto found = oldest_hour(connection, k_tables[i]);
        if (!found) return tl::make_unexpected(found.error());
        oldest[i] = *found;
    }
    // Both tables hour by hour together, so that a device's data ends at one point in time.
    const std::size_t next =
        !oldest[0] || (oldest[1] && *oldest[1] < *oldest[0]) ? std::size_t{1} : std::size_t{0};
    if (!oldest[next]) return step;
    const std::int64_t hour = *oldest[next];
    bool due = *large;
    if (options_.retention_age.count() > 0) {
        const auto kept_from = to_micros(now - options_.retention_age);
        due = due || (hour + 1) * k_micros_per_hour <= kept_from;
    }
    if (!due) return step;
    const auto held = hold_.holds(connection, hour);
    if (!held) return tl::make_unexpected(held.error());
    if (*held) return step;
    if (keep_unsummed && next == 0) {
        const auto waits = must_wait(connection, hour);
        if (!waits) return tl::make_unexpected(waits.error());
        if (*waits) return step;
    }
    waiting_hour_.reset();
    const auto before = connection.integer("SELECT total_changes()");
    const auto emptied = delete_hour(connection, k_tables[next], hour);
    if (!emptied) return tl::make_unexpected(emptied.error());
    const auto after = connection.integer("SELECT total_changes()");
    if (!before || !after) return tl::make_unexpected(connection.failure("count deleted rows"));
    step.rows = static_cast<std::uint64_t>(*after - *before);
    step.more = true;
    if (*emptied) {
        step.hours_gone = true;
        if (auto gone = forget_hour(connection, k_tables[next], hour); !gone) {
            return tl::make_unexpected(gone.error());
        }
    }
    return step;
}

Result<bool> Retention::must_wait(Connection& connection, std::int64_t hour) {
    if (waiting_hour_ != hour) {
        const auto last = connection.integer("SELECT max(first + count - 1) FROM stream_log");
        if (!last) return tl::make_unexpected(last.error());
        waiting_hour_ = hour;
        waiting_for_ = *last;
    }
    return waits_for_rollups(connection, hour, waiting_for_);
}

Status Retention::cut_stream_log(
    Connection& connection, Timestamp now, bool keep_unsummed, Step& step
) const {
    std::int64_t cut_before = to_micros(now - options_.replay_window);
    if (options_.retention_bytes > 0) {
        // The numbers have no gaps, so their span counts the events without a scan.
        const auto first = connection.integer("SELECT min(first) FROM stream_log");
        if (!first) return tl::make_unexpected(first.error());
        const auto last = connection.integer("SELECT max(first) FROM stream_log");
        if (!last) return tl::make_unexpected(last.error());
        const auto bytes = static_cast<std::uint64_t>(*last - *first) * k_log_bytes_per_event;
        if (bytes > options_.retention_bytes / k_share_of_size) {
            cut_before = std::numeric_limits<std::int64_t>::max();
        }
    }
    const auto forwarded = ForwardHold::log_through(connection);
    if (!forwarded) return tl::make_unexpected(forwarded.error());
    std::int64_t through = *forwarded;
    if (keep_unsummed) {
        const auto summed = connection.integer("SELECT through FROM rollup_state");
        if (!summed) return tl::make_unexpected(summed.error());
        through = std::min(through, *summed);
    }
    // The last row stays whatever its age: it carries the sequence over a restart.
    auto cut = change(
        connection,
        "DELETE FROM stream_log WHERE first IN (SELECT first FROM stream_log WHERE first <"
        " (SELECT max(first) FROM stream_log) ORDER BY first LIMIT ?2) AND committed < ?1"
        " AND first + count - 1 <= ?3",
        {cut_before, k_log_rows_per_step, through}
    );
    if (cut && connection.changes() == k_log_rows_per_step) step.more = true;
    return cut;
}

Status Retention::cut_quarantine(Connection& connection, Step& step) const {
    // Ids rise by one, so their span counts the rows well enough without a scan.
    const auto rows = connection.integer("SELECT max(id) - min(id) + 1 FROM quarantine");
    if (!rows) return tl::make_unexpected(rows.error());
    if (*rows == 0) return {};
    std::int64_t excess = *rows - static_cast<std::int64_t>(options_.quarantine_rows);
    if (excess <= 0) {
        // Each row carries some 200 bytes beside its payload; only payloads can grow large.
        const auto bytes = connection.integer("SELECT sum(length(payload) + 200) FROM quarantine");
        if (!bytes) return tl::make_unexpected(bytes.error());
        const std::uint64_t most =
            options_.retention_bytes > 0
                ? std::min(options_.quarantine_bytes, options_.retention_bytes / k_share_of_size)
                : options_.quarantine_bytes;
        const bool large = static_cast<std::uint64_t>(*bytes) > most;
        excess = large ? std::max<std::int64_t>(*rows / 10, 1) : 0;
    }
    if (excess <= 0) return {};
    step.more = true;
    return change(
        connection,
        "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine ORDER BY id LIMIT ?1)",
        {std::min(excess, k_quarantine_rows_per_step)}
    );
}

Result<Retention::Step> Retention::step(Connection& connection, Timestamp now, bool keep_unsummed) {
    if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) {
        return tl::make_unexpected(begun.error());
    }
    auto step = delete_old(connection, now, keep_unsummed);
    if (!step) return step;
    if (auto cut = cut_stream_log(connection, now, keep_unsummed, *step); !cut) {
        return tl::make_unexpected(cut.error());
    }
    if (auto cut = cut_quarantine(connection, *step); !cut) {
        return tl::make_unexpected(cut.error());
    }
    const auto free = connection.integer("PRAGMA freelist_count");
    if (!free) return tl::make_unexpected(free.error());
    if (*free > 2 * k_free_pages_kept) {
        const auto sql = "PRAGMA incremental_vacuum(" + std::to_string(k_free_pages_kept) + ")";
        if (auto given = change(connection, sql, {}); !given) {
            return tl::make_unexpected(given.error());
        }
        step->more = true;
    }
    if (auto done = connection.execute("COMMIT"); !done) return tl::make_unexpected(done.error());
    return step;
}

}  // namespace modax::landing
