// The steps of the schema, each in the words of SQLite. A step is never changed once released.
// Times are microseconds since 1970, UTC; hour = time / 3,600,000,000. A key that starts with the
// hour appends near the end of the tree, which is three times faster (docs/adr/0004).
#pragma once

namespace modax::landing {

extern const char* const k_readings_schema;
extern const char* const k_audit_schema;
extern const char* const k_identity_schema;
extern const char* const k_access_profiles_schema;
extern const char* const k_rollups_schema;
extern const char* const k_analysis_schema;
extern const char* const k_events_schema;
extern const char* const k_outbox_schema;
extern const char* const k_operations_schema;
extern const char* const k_plant_schema;

}  // namespace modax::landing
