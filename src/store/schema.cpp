#include "store/schema.hpp"

#include "core/version.hpp"
#include "store/schema_sql.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace modax::store {
namespace {

struct Version {
    std::string_view title;
    std::string_view partitioned;  // without TimescaleDB
    std::string_view hypertables;  // with it
};

// Index + 1 is the version a step leads to: steps are only added.
const std::array k_versions{
    Version{"tables of the plant", k_tables_sql, k_tables_sql},
    Version{"rollups by minute, hour and day", k_rollups_sql, k_rollups_sql},
    Version{"weeks of readings", k_partitions_sql, k_hypertables_sql},
};

// Advisory locks are pairs of numbers; the first is "MODA".
constexpr std::string_view k_migration_lock = "1297040449, 1";

constexpr std::string_view k_begin = R"sql(
CREATE SCHEMA IF NOT EXISTS modax_internal;
REVOKE ALL ON SCHEMA modax_internal FROM PUBLIC;
CREATE TABLE IF NOT EXISTS modax_internal.schema_version(
    version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
    program text NOT NULL);
CREATE TABLE IF NOT EXISTS modax_internal.settings(name text PRIMARY KEY, value text NOT NULL);
)sql";

constexpr std::string_view k_timescale_sql = "CREATE EXTENSION IF NOT EXISTS timescaledb";

std::string with_partitioning(std::string_view statements, bool timescale) {
    constexpr std::string_view k_mark = "{{by_time}}";
    std::string text{statements};
    for (std::size_t at = 0; (at = text.find(k_mark, at)) != std::string::npos;) {
        text.replace(at, k_mark.size(), timescale ? "" : "PARTITION BY RANGE (time)");
    }
    return text;
}

MigrationStep begin_step(bool timescale) {
    std::string statements{k_begin};
    statements += "INSERT INTO modax_internal.settings VALUES('engine', '";
    statements += timescale ? "timescaledb" : "partitions";
    statements += "') ON CONFLICT DO NOTHING;\n";
    return {
        timescale ? "the gateway's own schema, for TimescaleDB" : "the gateway's own schema",
        statements};
}

MigrationStep version_step(int version, bool timescale) {
    const auto& known = k_versions.at(static_cast<std::size_t>(version) - 1);
    auto statements =
        with_partitioning(timescale ? known.hypertables : known.partitioned, timescale);
    statements += "INSERT INTO modax_internal.schema_version(version, name, program) VALUES(" +
                  std::to_string(version) + ", " + quote_literal(known.title) + ", " +
                  quote_literal(k_version) + ");\n";
    return {
        "version " + std::to_string(version) + ": " + std::string{known.title},
        std::move(statements)};
}

MigrationStep column_step(const MetricColumn& column) {
    const auto name = quote_identifier(column.name);
    const std::string type{sql_type_of(column.type)};
    const auto comment = quote_literal(
        "Metric of the plant" + (column.unit.empty() ? "" : "; unit: " + column.unit) + "."
    );
    std::string statements;
    for (const std::string table : {"public.sensor_data", "public.device_latest"}) {
        statements += "ALTER TABLE " + table + " ADD COLUMN IF NOT EXISTS " + name + ' ' + type +
                      ";\nCOMMENT ON COLUMN " + table + '.' + name + " IS " + comment + ";\n";
    }
    statements += "INSERT INTO modax_internal.metric_columns VALUES(" + quote_literal(column.name) +
                  ", " + quote_literal(name_of(column.type)) + ", " + quote_literal(column.unit) +
                  ") ON CONFLICT (name) DO UPDATE SET unit = excluded.unit;\n";
    return {"column " + column.name + " (" + type + ")", std::move(statements)};
}

Result<std::vector<MetricColumn>> declared_columns(Connection& connection) {
    const auto rows =
        connection.query("SELECT name, type, unit FROM modax_internal.metric_columns ORDER BY name"
        );
    if (!rows) return tl::make_unexpected(rows.error());
    std::vector<MetricColumn> columns;
    for (int row = 0; row < rows->count(); ++row) {
        MetricColumn column;
        column.name = rows->text(row, 0);
        column.type = rows->text(row, 1) == "number"    ? MetricColumn::Type::number
                      : rows->text(row, 1) == "boolean" ? MetricColumn::Type::boolean
                                                        : MetricColumn::Type::text;
        column.unit = rows->text(row, 2);
        columns.push_back(std::move(column));
    }
    return columns;
}

Status add_column_steps(
    std::vector<MigrationStep>& steps,
    const std::vector<MetricColumn>& wanted,
    const std::vector<MetricColumn>& there
) {
    for (const auto& column : wanted) {
        const auto known = std::find_if(there.begin(), there.end(), [&](const auto& other) {
            return other.name == column.name;
        });
        if (known != there.end() && known->type != column.type) {
            return fail(
                Errc::invalid_argument,
                "database.metric_columns: " + column.name + " is a " +
                    std::string{name_of(known->type)} + " in the database and declared as " +
                    std::string{name_of(column.type)} + "; declare it as it is there"
            );
        }
        if (known == there.end() || known->unit != column.unit) {
            steps.push_back(column_step(column));
        }
    }
    return {};
}

// What to do about it, where the reason of the server does not say so.
Error explained(Error error, const Connection& connection) {
    if (connection.sqlstate() == "42501") {
        error.detail +=
            "; the gateway's role must own the database: ALTER DATABASE … OWNER TO … , and a "
            "superuser must run CREATE EXTENSION timescaledb where that is wanted";
    }
    if (connection.sqlstate() == "42P07") {
        error.detail +=
            "; there is a table of that name which modax did not make: give it a database of its "
            "own";
    }
    return error;
}

Status run_step(Connection& connection, const MigrationStep& step) {
    const auto done = connection.transaction([&] { return connection.execute(step.statements); });
    if (done) return {};
    Error error = explained(done.error(), connection);
    error.detail = step.title + ": " + error.detail;
    return tl::make_unexpected(std::move(error));
}

Status run_steps(
    Connection& connection,
    const MigrationOptions& options,
    const std::function<void(const std::string& title)>& each
) {
    const auto steps = pending_steps(connection, options);
    if (!steps) return tl::make_unexpected(steps.error());
    for (const auto& step : *steps) {
        each(step.title);
        if (auto done = run_step(connection, step); !done) return done;
    }
    return {};
}

}  // namespace

int schema_version() {
    return static_cast<int>(k_versions.size());
}

Result<SchemaState> schema_state(Connection& connection) {
    SchemaState state;
    const auto server = connection.query(
        "SELECT current_setting('server_version'), current_setting('timescaledb.license', true), "
        "(SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), "
        "to_regclass('modax_internal.schema_version') IS NOT NULL, "
        "to_regclass('modax_internal.settings') IS NOT NULL, "
        "to_regclass('modax_internal.metric_columns') IS NOT NULL, "
        // The licence is known only where the extension is; the loader's settings are before it.
        "current_setting('timescaledb.max_background_workers', true) IS NOT NULL"
    );
    if (!server) return tl::make_unexpected(server.error());
    state.server = server->text(0, 0);
    state.license = server->text(0, 1);
    state.extension = server->text(0, 2);
    state.loaded = server->flag(0, 6);
    if (server->flag(0, 3)) {
        const auto found =
            connection.query("SELECT coalesce(max(version), 0) FROM modax_internal.schema_version");
        if (!found) return tl::make_unexpected(explained(found.error(), connection));
        state.version = static_cast<int>(found->integer(0, 0));
    }
    if (server->flag(0, 4)) {
        const auto engine =
            connection.query("SELECT value FROM modax_internal.settings WHERE name = 'engine'");
        if (!engine) return tl::make_unexpected(engine.error());
        state.begun = engine->count() == 1;
        state.timescale = state.begun && engine->text(0, 0) == "timescaledb";
    }
    if (server->flag(0, 5)) {
        auto columns = declared_columns(connection);
        if (!columns) return tl::make_unexpected(columns.error());
        state.columns = std::move(*columns);
    }
    return state;
}

Result<std::vector<MigrationStep>> pending_steps(
    Connection& connection, const MigrationOptions& options
) {
    const auto state = schema_state(connection);
    if (!state) return tl::make_unexpected(state.error());
    if (state->version > schema_version()) {
        return fail(
            Errc::invalid_argument,
            "the plant store has version " + std::to_string(state->version) +
                ", this program knows up to " + std::to_string(schema_version()) +
                ": use the newer modax that made it"
        );
    }
    std::vector<MigrationStep> steps;
    bool timescale = state->timescale;
    if (state->version == 0) {
        // The choice is made once, and written down with the first step.
        if (!state->begun) timescale = options.use_timescale && state->loaded;
        if (timescale && state->extension.empty()) {
            steps.push_back({"extension timescaledb", std::string{k_timescale_sql}});
        }
        steps.push_back(begin_step(timescale));
    }
    for (int version = state->version + 1; version <= schema_version(); ++version) {
        steps.push_back(version_step(version, timescale));
    }
    if (auto added = add_column_steps(steps, options.columns, state->columns); !added) {
        return tl::make_unexpected(added.error());
    }
    return steps;
}

Status migrate(
    Connection& connection,
    const MigrationOptions& options,
    const std::function<void(const std::string& title)>& each
) {
    const std::string lock{k_migration_lock};
    if (auto locked = connection.query("SELECT pg_advisory_lock(" + lock + ")"); !locked) {
        Error error = locked.error();
        if (error.code == Errc::timed_out) {
            error.detail = "another gateway or `modax db migrate` is at it: " + error.detail;
        }
        return tl::make_unexpected(std::move(error));
    }
    const Status done = run_steps(connection, options, each);
    // A lost connection has released it already.
    if (connection.usable()) {
        (void)connection.query("SELECT pg_advisory_unlock(" + lock + ")");
    }
    return done;
}

Status require_current_schema(Connection& connection) {
    const auto state = schema_state(connection);
    if (!state) return tl::make_unexpected(state.error());
    if (state->version == schema_version()) return {};
    const std::string versions = "the plant store has version " + std::to_string(state->version) +
                                 ", this program wants " + std::to_string(schema_version());
    return fail(
        Errc::invalid_argument,
        state->version < schema_version() ? versions + ": run `modax db migrate`"
                                          : versions + ": use the newer modax that made it"
    );
}

}  // namespace modax::store
