// The tables of the plant store and their versions. Used at start and by `modax db`; one thread,
// the one of the connection.
#pragma once

#include "core/result.hpp"
#include "store/connection.hpp"
#include "store/metric_columns.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::store {

// The newest version this program knows.
int schema_version();

struct SchemaState {
    int version = 0;         // of the database; 0: nothing of modax is there
    bool begun = false;      // the first step is done, and with it the choice that follows
    bool timescale = false;  // the tables are hypertables
    std::string extension;   // version of TimescaleDB in the database; empty: not there
    bool loaded = false;     // the server has TimescaleDB in shared_preload_libraries
    std::string license;     // "apache", "timescale"; empty: the extension is not created
    std::string server;      // "15.6 (Debian …)"
    std::vector<MetricColumn> columns;  // that were declared
};

struct MigrationOptions {
    bool use_timescale = true;  // where the server has it; only matters for a new database
    std::vector<MetricColumn> columns;
};

// One step of a migration: what it is, and its statements.
struct MigrationStep {
    std::string title;
    std::string statements;
};

Result<SchemaState> schema_state(Connection& connection);

// What migrate() would do, in order; empty: nothing. invalid_argument: the database is newer than
// this program, or a column is declared otherwise than before.
Result<std::vector<MigrationStep>> pending_steps(
    Connection& connection, const MigrationOptions& options
);

// Does it; `each` is called before every step. Each step is a transaction with its own mark, so a
// migration that was killed goes on where it was. Only one runs at a time, whoever starts it: the
// others wait, up to the statement timeout, and find nothing to do. Errors: those of
// pending_steps(); permission_denied with what to grant; timed_out.
Status migrate(
    Connection& connection,
    const MigrationOptions& options,
    const std::function<void(const std::string& title)>& each
);

// Refuses a database that migrate() has not brought to this program's version, with what to do.
Status require_current_schema(Connection& connection);

}  // namespace modax::store
