#include "landing/schema_steps.hpp"

namespace modax::landing {

// What happened in the business of the plant (core/business_event.hpp). AUTOINCREMENT: numbers
// are taken back with their transaction, so there are no gaps, and never given again after
// retention has deleted the newest row.
const char* const k_events_schema = R"sql(
CREATE TABLE business_events(
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    object_key TEXT NOT NULL, device_id TEXT NOT NULL, time INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX business_events_by_object ON business_events(object_key, sequence);
)sql";

}  // namespace modax::landing
