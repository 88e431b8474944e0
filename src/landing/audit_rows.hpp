// The audit log as rows. Whoever changes a table that people answer for appends its rows in the
// same transaction: no audit row, no change (PROMISES P9).
#pragma once

#include "core/audit.hpp"
#include "landing/sqlite.hpp"

#include <functional>
#include <span>

namespace modax::landing {

// Continues the chain inside the write transaction that is open on `connection` (BEGIN IMMEDIATE:
// nobody else may append meanwhile). After a failure the transaction must be rolled back.
Status append_audit_rows(
    Connection& connection, const AuditSeal& seal, std::span<const AuditEntry> entries
);

// Newest first.
Result<std::vector<AuditRow>> find_audit_rows(Connection& connection, const AuditQuery& query);

// Up to `limit` rows from `sequence` on, oldest first.
Result<std::vector<AuditRow>> audit_rows_from(
    Connection& connection, std::uint64_t sequence, std::size_t limit
);

Status insert_audit_checkpoint(Connection& connection, const AuditCheckpoint& checkpoint);
Result<std::vector<AuditCheckpoint>> find_audit_checkpoints(Connection& connection);

// Deletes rows up to and with `sequence`, and the checkpoints before it.
Status delete_audit_rows(Connection& connection, std::uint64_t sequence);

}  // namespace modax::landing
