// The outbox (core/delivery.hpp) in the store: claims and results on the anchor, each durable on
// return; lists on the readers' connections.
#include "landing/bound_values.hpp"
#include "landing/store_state.hpp"

namespace modax::landing {
namespace {

constexpr const char* k_columns =
    "SELECT o.id, o.connector, o.state, o.attempts, o.created_us, o.next_attempt_us, o.request,"
    " o.answer, o.reason, e.sequence, e.id, e.type, e.object_key, e.device_id, e.time, e.body"
    " FROM outbox o JOIN business_events e ON e.sequence=o.event_sequence ";

Delivery read_delivery(const Statement& row) {
    Delivery found;
    found.id = static_cast<std::uint64_t>(row.integer(0));
    found.connector = row.text(1);
    found.state = row.text(2);
    found.attempts = static_cast<unsigned>(row.integer(3));
    found.created = from_micros(row.integer(4));
    found.next_attempt = from_micros(row.integer(5));
    found.request = row.text(6);
    found.answer = row.text(7);
    found.reason = row.text(8);
    found.event.sequence = static_cast<std::uint64_t>(row.integer(9));
    found.event.id = row.text(10);
    found.event.type = row.text(11);
    found.event.object_key = row.text(12);
    found.event.device_id = row.text(13);
    found.event.time = from_micros(row.integer(14));
    found.event.body = row.text(15);
    return found;
}

// Only the oldest open delivery of an object may go; a dead one holds back those behind it. One
// state at a time, so that the index gives the order and the walk ends at the first that may go.
Result<std::optional<Delivery>> next_due(
    Connection& connection, std::string_view connector, Timestamp now
) {
    Statement rows;
    const auto prepared = connection.prepare(
        rows,
        std::string{k_columns} +
            "WHERE o.id=(SELECT d.id FROM outbox d WHERE d.state=?3 AND d.next_attempt_us<=?2"
            " AND d.connector=?1 AND NOT EXISTS(SELECT 1 FROM outbox p"
            " WHERE p.connector=d.connector AND p.object_key=d.object_key AND p.id<d.id"
            " AND p.state NOT IN ('delivered','discarded'))"
            " ORDER BY d.next_attempt_us, d.id LIMIT 1)"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    for (const std::string_view state : {"in_doubt", "queued"}) {
        const StatementScope scope{rows};
        rows.bind(1, connector).bind(2, to_micros(now)).bind(3, state);
        auto found = rows_of<Delivery>(connection, rows, "find a due delivery", read_delivery);
        if (!found) return tl::make_unexpected(found.error());
        if (!found->empty()) return first_of(std::move(*found));
    }
    return std::nullopt;
}

Status decide(Connection& connection, std::uint64_t id, std::string_view state) {
    Statement row;
    // Retried by a person: sent without a lookup, as he has looked.
    auto prepared = connection.prepare(
        row,
        "UPDATE outbox SET state=?2, next_attempt_us=0, attempts=0 WHERE id=?1 AND state IN"
        " ('dead','in_doubt')"
    );
    if (!prepared) return prepared;
    row.bind(1, static_cast<std::int64_t>(id)).bind(2, state);
    if (row.run() == Step::failed) {
        return tl::make_unexpected(connection.failure("change a delivery"));
    }
    if (connection.changes() > 0) return {};
    return fail(
        Errc::already_exists,
        "the delivery " + std::to_string(id) + " is neither dead nor in doubt, or not there"
    );
}

}  // namespace

Status Store::release_claims() {
    return state_->change_with_audit({}, [](Connection& connection) {
        return connection.execute(
            "UPDATE outbox SET state='in_doubt', next_attempt_us=0, lease_until_us=NULL,"
            " reason='the gateway ended while it was sent' WHERE state='in_flight'"
        );
    });
}

Result<std::optional<Delivery>> Store::claim(
    std::string_view connector, Timestamp now, Timestamp lease_until
) {
    {
        // Nothing is written while nothing is due.
        const std::lock_guard guard{state_->anchor_mutex};
        auto due = next_due(state_->anchor, connector, now);
        if (!due || !*due) return due;
    }
    std::optional<Delivery> claimed;
    const auto done = state_->change_with_audit({}, [&](Connection& connection) -> Status {
        auto due = next_due(connection, connector, now);
        if (!due) return tl::make_unexpected(due.error());
        claimed = std::move(*due);
        if (!claimed) return {};
        claimed->lease = to_micros(lease_until);
        ++claimed->attempts;
        Statement row;
        auto prepared = connection.prepare(
            row, "UPDATE outbox SET state='in_flight', attempts=?2, lease_until_us=?3 WHERE id=?1"
        );
        if (!prepared) return prepared;
        row.bind(1, static_cast<std::int64_t>(claimed->id))
            .bind(2, static_cast<std::int64_t>(claimed->attempts))
            .bind(3, claimed->lease);
        if (row.run() != Step::failed) return {};
        return tl::make_unexpected(connection.failure("claim a delivery"));
    });
    if (!done) return tl::make_unexpected(done.error());
    return claimed;
}

Status Store::finish(const Delivery& claimed, const DeliveryResult& result) {
    return state_->change_with_audit({}, [&](Connection& connection) -> Status {
        Statement row;
        auto prepared = connection.prepare(
            row,
            "UPDATE outbox SET state=?2, attempts=?3, next_attempt_us=?4, request=?5, answer=?6,"
            " reason=?7, lease_until_us=NULL WHERE id=?1 AND state='in_flight' AND"
            " lease_until_us=?8"
        );
        if (!prepared) return prepared;
        row.bind(1, static_cast<std::int64_t>(claimed.id))
            .bind(2, std::string_view{result.state})
            .bind(3, static_cast<std::int64_t>(result.attempts))
            .bind(4, to_micros(result.next_attempt))
            .bind(5, std::string_view{result.request})
            .bind(6, std::string_view{result.answer})
            .bind(7, std::string_view{result.reason})
            .bind(8, claimed.lease);
        if (row.run() == Step::failed) {
            return tl::make_unexpected(connection.failure("store the result of a delivery"));
        }
        if (connection.changes() > 0) return {};
        return fail(Errc::not_found, "the claim is not held any more");
    });
}

Result<OutboxFigures> Store::outbox_figures(std::string_view connector) const {
    OutboxFigures figures;
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        Statement rows;
        auto prepared = reader.connection.prepare(
            rows,
            "SELECT state, count(*), min(created_us) FROM outbox WHERE connector=?1 AND state IN"
            " ('queued','in_flight','in_doubt','dead') GROUP BY state"
        );
        if (!prepared) return prepared;
        rows.bind(1, connector);
        figures.oldest = Timestamp::max();
        Step step = Step::done;
        while ((step = rows.step()) == Step::row) {
            const auto count = static_cast<std::uint64_t>(rows.integer(1));
            if (rows.text(0) == "dead") {
                figures.dead = count;
            } else if (rows.text(0) == "in_doubt") {
                figures.in_doubt = count;
            } else {
                figures.waiting += count;
                figures.oldest = std::min(figures.oldest, from_micros(rows.integer(2)));
            }
        }
        if (step != Step::failed) return {};
        return tl::make_unexpected(reader.connection.failure("count the outbox"));
    });
    if (!read) return tl::make_unexpected(read.error());
    return figures;
}

Result<std::vector<Delivery>> Store::deliveries(const OutboxQuery& query) const {
    Result<std::vector<Delivery>> found;
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        Statement rows;
        auto prepared = reader.connection.prepare(
            rows,
            std::string{k_columns} +
                "WHERE o.id>?1 AND (?2='' OR o.state=?2) AND (?3='' OR o.connector=?3)"
                " ORDER BY o.id LIMIT ?4"
        );
        if (!prepared) return prepared;
        rows.bind(1, static_cast<std::int64_t>(query.after))
            .bind(2, std::string_view{query.state})
            .bind(3, std::string_view{query.connector})
            .bind(4, static_cast<std::int64_t>(query.limit));
        found = rows_of<Delivery>(reader.connection, rows, "list the outbox", read_delivery);
        if (!found) return tl::make_unexpected(found.error());
        return {};
    });
    if (!read) return tl::make_unexpected(read.error());
    return found;
}

Result<Delivery> Store::delivery(std::uint64_t id) const {
    auto found = id == 0 ? Result<std::vector<Delivery>>{} : deliveries({{}, {}, id - 1, 1});
    if (!found) return tl::make_unexpected(found.error());
    if (found->empty() || found->front().id != id) {
        return fail(Errc::not_found, "there is no delivery " + std::to_string(id));
    }
    return std::move(found->front());
}

Status Store::retry_delivery(std::uint64_t id, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) {
        return decide(connection, id, "queued");
    });
}

Status Store::discard_delivery(std::uint64_t id, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) {
        return decide(connection, id, "discarded");
    });
}

}  // namespace modax::landing
