#include "landing/schema_steps.hpp"

namespace modax::landing {

// The audit log (core/audit.hpp): a chain of rows, and the signed ones of them.
const char* const k_audit_schema = R"sql(
CREATE TABLE audit_log(
    sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor TEXT NOT NULL,
    source TEXT NOT NULL, via TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
    result TEXT NOT NULL, detail TEXT NOT NULL, request_id TEXT NOT NULL,
    before_hash TEXT NOT NULL, after_hash TEXT NOT NULL, count INTEGER NOT NULL,
    monotonic INTEGER NOT NULL, boot_id TEXT NOT NULL, hash BLOB NOT NULL);
CREATE INDEX audit_log_by_actor ON audit_log(actor);
CREATE INDEX audit_log_by_object ON audit_log(object);
CREATE TABLE audit_checkpoints(
    sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, time INTEGER NOT NULL,
    signature BLOB NOT NULL);
)sql";

}  // namespace modax::landing
