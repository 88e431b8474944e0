#include "landing/spool.hpp"

#include "landing/analysis_rows.hpp"
#include "landing/operations_rows.hpp"
#include "landing/rows.hpp"
#include "landing/store_state.hpp"
#include "landing/stream_keys.hpp"

#include <limits>
#include <mutex>
#include <set>
#include <utility>

namespace modax::landing {
namespace {

constexpr std::int64_t k_other_rows = 1000;  // of each kind but readings, at a time
// What a batch may hold in texts; readings with many metrics are large.
constexpr std::size_t k_most_bytes = std::size_t{4} * 1024 * 1024;

const char* const k_attach_anew = R"sql(
UPDATE plant_forward SET active=1, analyses=0, changes=0, backfill=1,
    hour=-9223372036854775808, device=0, time=0, sequence=0,
    events=(SELECT coalesce(max(first + count - 1), 0) FROM stream_log),
    last_hour=max((SELECT coalesce(max(hour), 0) FROM readings),
                  (SELECT coalesce(max(hour), 0) FROM safety_statuses));
DELETE FROM plant_changes;
INSERT INTO plant_changes(kind, key) SELECT 'order', order_id FROM production_orders;
INSERT INTO plant_changes(kind, key) SELECT 'report', number FROM production_reports ORDER BY number;
INSERT INTO plant_changes(kind, key) SELECT 'inspection', number FROM inspections ORDER BY number;
INSERT INTO plant_changes(kind, key) SELECT 'status', number FROM equipment_status ORDER BY number;
UPDATE plant_forward SET changes=(SELECT coalesce(min(number), 1) - 1 FROM plant_changes);
)sql";

// Whether the position is of this target and the log still has everything behind it.
Result<bool> goes_on(Connection& connection, std::string_view target) {
    Statement row;
    auto prepared = connection.prepare(
        row,
        "SELECT active AND target=?1 AND events <= (SELECT coalesce(max(first + count - 1), 0)"
        " FROM stream_log) AND events + 1 >= (SELECT coalesce(min(first), 0) FROM stream_log)"
        " FROM plant_forward"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    row.bind(1, target);
    if (row.step() != Step::row) {
        return tl::make_unexpected(connection.failure("see what is forwarded"));
    }
    return row.integer(0) != 0;
}

Status begin_with(Connection& connection, std::string_view target) {
    const auto same = goes_on(connection, target);
    if (!same) return tl::make_unexpected(same.error());
    if (*same) return {};
    if (auto set = connection.execute(k_attach_anew); !set) return set;
    Statement row;
    auto prepared = connection.prepare(row, "UPDATE plant_forward SET target=?1");
    if (!prepared) return prepared;
    row.bind(1, target);
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(connection.failure("begin to forward"));
}

template <typename Work>
Status in_transaction(Connection& connection, const Work& work) {
    if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) return begun;
    Status done = work();
    if (done) done = connection.execute("COMMIT");
    if (!done && connection.in_transaction()) (void)connection.execute("ROLLBACK");
    return done;
}

std::size_t bytes_of(const Reading& reading) {
    std::size_t bytes = 0;
    for (const Metric& metric : reading.metrics) {
        bytes += sizeof(Metric) + metric.name.size();
        if (const auto* text = std::get_if<std::string>(&metric.value)) bytes += text->size();
    }
    return bytes;
}

Status quarantine_all(Connection& connection, std::span<const RejectedMessage> refused) {
    Statement row;
    auto prepared = connection.prepare(
        row,
        "INSERT INTO quarantine(received, topic, payload, payload_size, reason, detail, client)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7)"
    );
    if (!prepared) return prepared;
    for (const RejectedMessage& message : refused) {
        row.bind(1, to_micros(message.received))
            .bind_blob(2, message.topic)
            .bind_blob(3, message.payload)
            .bind(4, static_cast<std::int64_t>(message.payload_size))
            .bind(5, std::string_view{message.reason})
            .bind(6, std::string_view{message.detail})
            .bind_blob(7, message.client);
        if (row.run() == Step::failed) {
            return tl::make_unexpected(connection.failure("quarantine what was refused"));
        }
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::attach(Store& store, std::string_view target) {
    std::unique_ptr<Spool> spool{new Spool{store}};
    auto opened = Connection::open(store.write_options());
    if (!opened) return tl::make_unexpected(opened.error());
    spool->writer_ = std::make_unique<Connection>(std::move(*opened));
    const std::lock_guard mine{store.write_turn()};
    Connection& connection = *spool->writer_;
    auto begun = in_transaction(connection, [&] { return begin_with(connection, target); });
    if (!begun) return tl::make_unexpected(begun.error());
    if (auto loaded = spool->load(); !loaded) return tl::make_unexpected(loaded.error());
    return spool;
}

Status Spool::detach(Store& store) {
    auto connection = Connection::open(store.write_options());
    if (!connection) return tl::make_unexpected(connection.error());
    const std::lock_guard mine{store.write_turn()};
    return connection->execute(
        "BEGIN IMMEDIATE; UPDATE plant_forward SET active=0 WHERE active;"
        " DELETE FROM plant_changes; COMMIT"
    );
}

Status Spool::load() {
    Statement row;
    auto prepared = writer_->prepare(
        row,
        "SELECT gateway, events, analyses, changes, backfill, hour, device, time, sequence,"
        " last_hour FROM plant_forward"
    );
    if (!prepared) return prepared;
    if (row.step() != Step::row) {
        return tl::make_unexpected(writer_->failure("see what is forwarded"));
    }
    gateway_ = row.text(0);
    position_.events = static_cast<std::uint64_t>(row.integer(1));
    position_.analyses = static_cast<std::uint64_t>(row.integer(2));
    position_.changes = static_cast<std::uint64_t>(row.integer(3));
    position_.backfill = static_cast<PlantPosition::Backfill>(row.integer(4));
    position_.after = {row.integer(5), row.integer(6), row.integer(7), row.integer(8)};
    last_hour_ = row.integer(9);
    return {};
}

tl::unexpected<Error> Spool::failure(std::string_view attempted) const {
    return tl::make_unexpected(reader_->connection.failure(attempted));
}

Status Spool::open_reader() {
    if (reader_ != nullptr) return {};
    auto options = store_.write_options();
    options.mode = ConnectionOptions::Mode::read;
    auto opened = ReaderConnection::open(options);
    if (!opened) return tl::make_unexpected(opened.error());
    reader_ = std::move(*opened);
    return {};
}

Result<PlantRows> Spool::next(const PlantPosition& from, std::size_t limit) {
    if (auto opened = open_reader(); !opened) return tl::make_unexpected(opened.error());
    PlantRows rows;
    rows.end = from;
    // One snapshot: the log and the tables say the same.
    Status done = reader_->connection.execute("BEGIN");
    if (done) done = read(rows, limit);
    if (done) done = reader_->connection.execute("COMMIT");
    if (done) return rows;
    reader_.reset();
    return tl::make_unexpected(done.error());
}

Status Spool::read(PlantRows& rows, std::size_t limit) {
    if (auto read = read_changes(rows); !read) return read;
    if (auto read = read_analyses(rows); !read) return read;
    if (auto read = read_events(rows, limit); !read) return read;
    // What is new goes first.
    if (rows.batch.rows() >= limit / 2) return {};
    return read_backfill(rows, limit);
}

Status Spool::read_changes(PlantRows& rows) {
    Connection& connection = reader_->connection;
    Statement changes;
    auto prepared = connection.prepare(
        changes,
        "SELECT number, kind, key FROM plant_changes WHERE number>?1 ORDER BY number LIMIT ?2"
    );
    if (!prepared) return prepared;
    changes.bind(1, static_cast<std::int64_t>(rows.end.changes)).bind(2, k_other_rows);
    std::set<std::pair<std::string, std::string>> seen;
    Step step = Step::done;
    while ((step = changes.step()) == Step::row) {
        rows.end.changes = static_cast<std::uint64_t>(changes.integer(0));
        const std::string kind{changes.text(1)};
        // Changed twice: its present state once.
        if (!seen.emplace(kind, std::string{changes.text(2)}).second) continue;
        const auto take = [](auto found, auto& into) -> Status {
            if (!found) return tl::make_unexpected(found.error());
            if (*found) into.push_back(std::move(**found));
            return {};
        };
        Status taken;
        PlantBatch& batch = rows.batch;
        if (kind == "order") {
            taken = take(find_order_row(connection, changes.text(2)), batch.orders);
        } else if (kind == "report") {
            taken = take(report_by_number(connection, changes.integer(2)), batch.reports);
        } else if (kind == "inspection") {
            taken = take(inspection_by_number(connection, changes.integer(2)), batch.inspections);
        } else {
            taken = take(status_by_number(connection, changes.integer(2)), batch.statuses);
        }
        if (!taken) return taken;
    }
    return step == Step::failed ? Status{failure("read changes of the business")} : Status{};
}

Status Spool::read_analyses(PlantRows& rows) {
    Statement found;
    auto prepared = reader_->connection.prepare(
        found, "SELECT " MODAX_ANALYSIS_COLUMNS " FROM analyses WHERE id>?1 ORDER BY id LIMIT ?2"
    );
    if (!prepared) return prepared;
    found.bind(1, static_cast<std::int64_t>(rows.end.analyses)).bind(2, k_other_rows);
    Step step = Step::done;
    while ((step = found.step()) == Step::row) {
        const Device* device =
            store_.state_->devices.find(static_cast<std::uint32_t>(found.integer(1)));
        if (device != nullptr) rows.batch.analyses.push_back(read_analysis(found, *device));
        rows.end.analyses = static_cast<std::uint64_t>(found.integer(0));
    }
    return step == Step::failed ? Status{failure("read the analyses")} : Status{};
}

Status Spool::read_events(PlantRows& rows, std::size_t limit) {
    PlantBatch& batch = rows.batch;
    if (store_.last_stream_sequence() <= rows.end.events) return {};
    std::size_t bytes = 0;
    Statement& log = reader_->stream_from;
    const StatementScope scope{log};
    log.bind(1, static_cast<std::int64_t>(rows.end.events + 1));
    const auto full = [&] {
        return batch.readings.size() + batch.safety.size() >= limit || bytes > k_most_bytes;
    };
    Step step = Step::done;
    while (!full() && (step = log.step()) == Step::row) {
        auto number = static_cast<std::uint64_t>(log.integer(0));
        StreamKeyDecoder keys{log.text(1)};
        for (auto key = keys.next(); key && !full(); key = keys.next(), ++number) {
            if (number <= rows.end.events) continue;
            rows.end.events = number;
            const Device* device = store_.state_->devices.find(key->device);
            if (device == nullptr) continue;
            Statement& row = key->safety ? reader_->safety_by_key : reader_->reading_by_key;
            const StatementScope row_scope{row};
            row.bind(1, hour_of(key->time))
                .bind(2, std::int64_t{key->device})
                .bind(3, key->time)
                .bind(4, key->sequence);
            const Step found = row.step();
            if (found == Step::failed) return failure("read what is to be forwarded");
            if (found == Step::done) continue;  // deleted before there was a plant store
            if (!rows.oldest) rows.oldest = from_micros(row.integer(2));
            if (key->safety) {
                batch.safety.push_back(read_safety(row, *device));
            } else {
                batch.readings.push_back(read_reading(row, *device));
                bytes += bytes_of(batch.readings.back());
            }
        }
    }
    return step == Step::failed ? Status{failure("read what is to be forwarded")} : Status{};
}

Status Spool::read_backfill(PlantRows& rows, std::size_t limit) {
    if (rows.end.backfill == PlantPosition::Backfill::done) return {};
    const bool safety = rows.end.backfill == PlantPosition::Backfill::safety;
    Statement found;
    const std::string columns = safety ? MODAX_SAFETY_COLUMNS ", hour, device FROM safety_statuses"
                                       : MODAX_READING_COLUMNS ", hour, device FROM readings";
    auto prepared = reader_->connection.prepare(
        found,
        "SELECT " + columns +
            " WHERE (hour, device, time, sequence) > (?1,?2,?3,?4) AND hour<=?5"
            " ORDER BY hour, device, time, sequence LIMIT ?6"
    );
    if (!prepared) return prepared;
    auto& after = rows.end.after;
    found.bind(1, after.hour)
        .bind(2, after.device)
        .bind(3, after.time)
        .bind(4, after.sequence)
        .bind(5, last_hour_)
        .bind(6, static_cast<std::int64_t>(limit));
    const int hour = safety ? 7 : 11;
    std::size_t count = 0;
    std::size_t bytes = 0;
    Step step = Step::done;
    while (bytes <= k_most_bytes && (step = found.step()) == Step::row) {
        ++count;
        after = {found.integer(hour), found.integer(hour + 1), found.integer(0), found.integer(1)};
        const Device* device =
            store_.state_->devices.find(static_cast<std::uint32_t>(after.device));
        if (device == nullptr) continue;
        if (safety) {
            rows.batch.safety.push_back(read_safety(found, *device));
        } else {
            rows.batch.readings.push_back(read_reading(found, *device));
            bytes += bytes_of(rows.batch.readings.back());
        }
    }
    if (step == Step::failed) return failure("read older readings to forward them");
    if (count < limit && step == Step::done) {
        rows.end.backfill =
            safety ? PlantPosition::Backfill::done : PlantPosition::Backfill::safety;
        after = safety ? PlantPosition::Place{}
                       : PlantPosition::Place{std::numeric_limits<std::int64_t>::min(), 0, 0, 0};
    }
    return {};
}

Status Spool::note(Connection& connection, const PlantPosition& through) {
    Statement row;
    auto prepared = connection.prepare(
        row,
        "UPDATE plant_forward SET events=?1, analyses=?2, changes=?3, backfill=?4, hour=?5,"
        " device=?6, time=?7, sequence=?8"
    );
    if (!prepared) return prepared;
    row.bind(1, static_cast<std::int64_t>(through.events))
        .bind(2, static_cast<std::int64_t>(through.analyses))
        .bind(3, static_cast<std::int64_t>(through.changes))
        .bind(4, static_cast<std::int64_t>(through.backfill))
        .bind(5, through.after.hour)
        .bind(6, through.after.device)
        .bind(7, through.after.time)
        .bind(8, through.after.sequence);
    Statement done;
    prepared = connection.prepare(done, "DELETE FROM plant_changes WHERE number<=?1");
    if (!prepared) return prepared;
    done.bind(1, static_cast<std::int64_t>(through.changes));
    if (row.run() != Step::failed && done.run() != Step::failed) return {};
    return tl::make_unexpected(connection.failure("note what is forwarded"));
}

Status Spool::forwarded(const PlantPosition& through, std::span<const RejectedMessage> refused) {
    if (writer_ == nullptr) {
        auto opened = Connection::open(store_.write_options());
        if (!opened) return tl::make_unexpected(opened.error());
        writer_ = std::make_unique<Connection>(std::move(*opened));
    }
    const std::lock_guard mine{store_.write_turn()};
    auto done = in_transaction(*writer_, [&]() -> Status {
        if (auto noted = note(*writer_, through); !noted) return noted;
        return quarantine_all(*writer_, refused);
    });
    if (done) position_ = through;
    // After a failed sync the connection must not be used again.
    if (!done) writer_.reset();
    return done;
}

}  // namespace modax::landing
