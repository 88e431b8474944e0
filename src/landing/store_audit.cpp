// The audit log in the store: appended on the anchor, read on the readers' connections.
#include "landing/audit_rows.hpp"
#include "landing/store_state.hpp"

namespace modax::landing {
namespace {

constexpr std::size_t k_rows_per_step = 1000;

}  // namespace

Status Store::State::change_with_audit(
    std::span<const AuditEntry> entries, const std::function<Status(Connection&)>& change
) {
    const AuditSeal* sealed_by = seal.load(std::memory_order_acquire);
    if (sealed_by == nullptr) {
        return fail(Errc::unavailable, "nothing can be changed before the audit log is ready");
    }
    const std::lock_guard guard{anchor_mutex};
    const std::lock_guard turn{write_turn};
    if (auto begun = anchor.execute("BEGIN IMMEDIATE"); !begun) {
        renew_anchor();
        return begun;
    }
    Status done = change(anchor);
    // Refused by the change itself, such as not_found: nothing is wrong with the connection.
    if (!done && anchor.in_transaction()) {
        if (auto back = anchor.execute("ROLLBACK"); !back) renew_anchor();
        return done;
    }
    if (done) done = append_audit_rows(anchor, *sealed_by, entries);
    if (done) done = anchor.execute("COMMIT");
    if (!done) {
        if (anchor.in_transaction()) (void)anchor.execute("ROLLBACK");
        renew_anchor();
    }
    return done;
}

void Store::seal_audit_with(const AuditSeal& seal) {
    state_->seal.store(&seal, std::memory_order_release);
}

Status Store::append(std::span<const AuditEntry> entries) {
    return state_->change_with_audit(entries, [](Connection&) { return Status{}; });
}

Result<std::vector<AuditRow>> Store::audit_rows(const AuditQuery& query) const {
    Result<std::vector<AuditRow>> found;
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        found = find_audit_rows(reader.connection, query);
        if (!found) return tl::make_unexpected(found.error());
        return {};
    });
    if (!read) return tl::make_unexpected(read.error());
    return found;
}

Status Store::each_audit_row(
    std::uint64_t from_sequence, const std::function<bool(const AuditRow&)>& each
) const {
    for (;;) {
        Result<std::vector<AuditRow>> rows;
        // A read transaction each, so that a slow consumer does not keep the WAL from being copied.
        const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
            rows = audit_rows_from(reader.connection, from_sequence, k_rows_per_step);
            if (!rows) return tl::make_unexpected(rows.error());
            return {};
        });
        if (!read) return read;
        for (const AuditRow& row : *rows) {
            if (!each(row)) return {};
        }
        if (rows->size() < k_rows_per_step) return {};
        from_sequence = rows->back().sequence + 1;
    }
}

Status Store::add(const AuditCheckpoint& checkpoint) {
    return state_->change_with_audit({}, [&](Connection& connection) {
        return insert_audit_checkpoint(connection, checkpoint);
    });
}

Result<std::vector<AuditCheckpoint>> Store::audit_checkpoints() const {
    Result<std::vector<AuditCheckpoint>> found;
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        found = find_audit_checkpoints(reader.connection);
        if (!found) return tl::make_unexpected(found.error());
        return {};
    });
    if (!read) return tl::make_unexpected(read.error());
    return found;
}

Status Store::cut_audit(const AuditCheckpoint& at, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) {
        return delete_audit_rows(connection, at.sequence);
    });
}

}  // namespace modax::landing
