#include "landing/schema_steps.hpp"

namespace modax::landing {

// What is usual for each key and user (core/security_event.hpp).
const char* const k_access_profiles_schema = R"sql(
CREATE TABLE access_profiles(actor TEXT PRIMARY KEY, profile TEXT NOT NULL) WITHOUT ROWID;
)sql";

}  // namespace modax::landing
