#include "landing/schema_steps.hpp"

namespace modax::landing {

// What connectors still have to deliver, one row for each event and connector (PROMISES 2.3). Rows
// of one connector and object leave in the order of their ids.
const char* const k_outbox_schema = R"sql(
CREATE TABLE outbox(
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_sequence INTEGER NOT NULL,
    connector TEXT NOT NULL, object_key TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'queued',
    attempts INTEGER NOT NULL DEFAULT 0, next_attempt_us INTEGER NOT NULL,
    created_us INTEGER NOT NULL, lease_until_us INTEGER, request BLOB, answer BLOB, reason TEXT);
CREATE INDEX outbox_by_object ON outbox(connector, object_key, id);
CREATE INDEX outbox_by_state ON outbox(state, next_attempt_us);
)sql";

}  // namespace modax::landing
