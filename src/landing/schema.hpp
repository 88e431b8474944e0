// The tables of the landing store, made and changed step by step. Each step is one transaction that
// also raises `PRAGMA user_version`, so an interrupted migration goes on at the next start.
#pragma once

#include "landing/sqlite.hpp"

namespace modax::landing {

// "MODX" in the file header: file(1) and we can tell whose database it is.
inline constexpr std::int64_t k_application_id = 0x4D4F4458;

// The version this program writes.
std::int64_t schema_version();

// Brings the database to `version`, the current one but for tests of what is older. Errors:
// invalid_argument when it is newer (an older program must not write it) or belongs to another
// application; else as SQLite says.
Status migrate(Connection& connection, std::int64_t version = schema_version());

}  // namespace modax::landing
