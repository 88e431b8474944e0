// The schema of the plant store: PostgreSQL, with TimescaleDB where the server has it.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section database_section() {
    return {
        "database",
        "The plant's PostgreSQL, for BI tools and for more than one gateway.",
        {
            text(
                MODAX_KEY(database.url),
                "\"postgresql://USER@HOST:PORT/DATABASE\", without a password; beyond this machine "
                "TLS is used, and sslmode=verify-full says the server must prove its name. Empty: "
                "no plant store."
            ),
            secret(
                MODAX_KEY(database.password),
                "Where the password is kept: \"env:NAME\", \"file:PATH\" or \"credential:NAME\" (a "
                "credential of systemd), never the password itself; empty: none, or that of "
                "~/.pgpass."
            ),
            path(
                MODAX_KEY(database.ca_file),
                "Certificates (PEM) of the authorities that may vouch for the server; with it the "
                "default is sslmode=verify-full."
            ),
            duration(
                MODAX_KEY(database.connect_timeout),
                "How long connecting may take.",
                milliseconds{100},
                std::chrono::minutes{5}
            ),
            duration(
                MODAX_KEY(database.statement_timeout),
                "How long a statement may take; a server that does not answer two seconds later is "
                "given up.",
                milliseconds{100},
                std::chrono::hours{1}
            ),
            list(
                MODAX_KEY(database.metric_columns),
                "Further metrics that become columns of sensor_data, each \"NAME TYPE UNIT\" with "
                "the type number, boolean or text, for example \"coolant_pressure number bar\"; "
                "`modax db migrate` adds them. All others are in the column metrics."
            ),
            choice(
                MODAX_KEY(database.timescaledb),
                "Whether a new plant store uses TimescaleDB: \"auto\" where the server has it "
                "loaded.",
                {"auto", "never"}
            ),
            duration(
                MODAX_KEY(database.retention_age),
                "How long readings, safety events and analyses are kept there; \"0s\" keeps all. "
                "Rollups follow [rollups].",
                milliseconds{0},
                std::chrono::days{36'500}
            ),
            number(
                MODAX_KEY(database.batch),
                "How many rows go there in one transaction at most; the gateway takes fewer while "
                "the database is slow.",
                100,
                100'000,
                "rows"
            ),
            duration(
                MODAX_KEY(database.interval),
                "How long to wait for more rows between two batches while few come.",
                milliseconds{10},
                std::chrono::minutes{1}
            ),
        }};
}

}  // namespace modax::config
