#include "landing/schema.hpp"

#include "landing/schema_steps.hpp"

#include <array>

namespace modax::landing {
namespace {

// Index + 1 is the version a step leads to: steps are only added.
const std::array k_steps{
    k_readings_schema,
    k_audit_schema,
    k_identity_schema,
    k_access_profiles_schema,
    k_rollups_schema,
    k_analysis_schema,
    k_events_schema,
    k_outbox_schema,
    k_operations_schema,
    k_plant_schema,
};

Status step_to(Connection& connection, std::size_t version) {
    if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) return begun;
    Status done = connection.execute(k_steps[version - 1]);
    if (done) {
        const auto mark = "PRAGMA user_version=" + std::to_string(version) +
                          "; PRAGMA application_id=" + std::to_string(k_application_id) +
                          "; COMMIT";
        done = connection.execute(mark.c_str());
    }
    if (!done && connection.in_transaction()) (void)connection.execute("ROLLBACK");
    return done;
}

}  // namespace

std::int64_t schema_version() {
    return static_cast<std::int64_t>(k_steps.size());
}

Status migrate(Connection& connection, std::int64_t version) {
    const auto found = connection.integer("PRAGMA user_version");
    if (!found) return tl::make_unexpected(found.error());
    const auto application = connection.integer("PRAGMA application_id");
    if (!application) return tl::make_unexpected(application.error());
    if (*application != 0 && *application != k_application_id) {
        return fail(
            Errc::invalid_argument,
            "the database in the data directory belongs to another application (id " +
                std::to_string(*application) + "): choose another data directory"
        );
    }
    if (*found > schema_version()) {
        return fail(
            Errc::invalid_argument,
            "the landing store has schema version " + std::to_string(*found) +
                ", this program knows up to " + std::to_string(schema_version()) +
                ": start the newer modax that wrote it, or use another data directory"
        );
    }
    for (auto next = *found + 1; next <= version; ++next) {
        if (auto done = step_to(connection, static_cast<std::size_t>(next)); !done) return done;
    }
    return {};
}

}  // namespace modax::landing
