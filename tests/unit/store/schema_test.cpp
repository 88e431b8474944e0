#include "store/schema.hpp"

#include "support/plant_database.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace modax::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class StoreSchema : public test::WithPlantDatabase {
protected:
    std::vector<std::string> migrate_with(const MigrationOptions& options) {
        auto connection = database().connect();
        std::vector<std::string> titles;
        const auto done =
            migrate(connection, options, [&](const auto& title) { titles.push_back(title); });
        if (!done) ADD_FAILURE() << done.error().detail;
        return titles;
    }
    std::string refusal(const MigrationOptions& options) {
        auto connection = database().connect();
        const auto done = migrate(connection, options, [](const auto&) {});
        return done ? "" : done.error().detail;
    }
};

const MigrationOptions k_plain{false, {}};

TEST_F(StoreSchema, MigrationIsDoneOnceAndToldBefore) {
    auto connection = database().connect();
    EXPECT_FALSE(require_current_schema(connection));
    const auto planned = pending_steps(connection, k_plain);
    ASSERT_TRUE(planned) << planned.error().detail;
    std::vector<std::string> told;
    for (const auto& step : *planned) told.push_back(step.title);
    EXPECT_EQ(database().value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");

    EXPECT_EQ(migrate_with(k_plain), told);
    EXPECT_THAT(migrate_with(k_plain), IsEmpty());
    EXPECT_TRUE(require_current_schema(connection));
    EXPECT_EQ(
        database().value("SELECT max(version) FROM modax_schema"), std::to_string(schema_version())
    );
}

TEST_F(StoreSchema, AMigrationThatEndedInTheMiddleGoesOn) {
    auto connection = database().connect();
    const auto planned = pending_steps(connection, k_plain);
    ASSERT_TRUE(planned);
    // As much as a killed process has committed; the choice of the engine is among it.
    for (std::size_t step = 0; step < 2; ++step) {
        ASSERT_TRUE(connection.execute("BEGIN;" + (*planned)[step].statements + ";COMMIT"));
    }
    EXPECT_EQ(migrate_with(k_plain).size(), planned->size() - 2);
    EXPECT_TRUE(require_current_schema(connection));
}

TEST_F(StoreSchema, ANewerDatabaseIsRefused) {
    migrate_with(k_plain);
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute(
        "INSERT INTO modax_internal.schema_version(version, name, program) VALUES(99, 'x', 'y')"
    ));
    EXPECT_THAT(refusal(k_plain), HasSubstr("version 99"));
    const auto current = require_current_schema(connection);
    ASSERT_FALSE(current);
    EXPECT_THAT(current.error().detail, HasSubstr("newer modax"));
}

TEST_F(StoreSchema, TablesOfSomebodyElseStay) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute("CREATE TABLE devices(name text)"));
    EXPECT_THAT(refusal(k_plain), HasSubstr("database of its own"));
    EXPECT_EQ(database().value("SELECT count(*) FROM devices"), "0");
}

TEST_F(StoreSchema, TwoAtOnceMakeOne) {
    std::vector<std::string> first;
    std::vector<std::string> second;
    {
        std::jthread other{[&] { first = migrate_with(k_plain); }};
        second = migrate_with(k_plain);
    }
    EXPECT_EQ(first.empty(), !second.empty());
    EXPECT_EQ(
        database().value("SELECT count(*) FROM modax_schema"), std::to_string(schema_version())
    );
}

TEST_F(StoreSchema, DeclaredMetricsBecomeColumnsWithTheirUnit) {
    MigrationOptions options = k_plain;
    options.columns = {{"pressure", MetricColumn::Type::number, "bar's"}};
    migrate_with(options);
    EXPECT_THAT(migrate_with(options), IsEmpty());
    options.columns.push_back({"tool", MetricColumn::Type::text, ""});
    EXPECT_EQ(migrate_with(options), std::vector<std::string>{"column tool (text)"});
    EXPECT_EQ(
        database().value(
            "SELECT col_description('sensor_data'::regclass, attnum) FROM pg_attribute WHERE "
            "attrelid = 'sensor_data'::regclass AND attname = 'pressure'"
        ),
        "Metric of the plant; unit: bar's."
    );
    options.columns = {{"tool", MetricColumn::Type::number, ""}};
    EXPECT_THAT(refusal(options), HasSubstr("tool is a text"));
    auto connection = database().connect();
    const auto state = schema_state(connection);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->columns.size(), 2U);
}

// What the plant may see, and that it says what it is.
TEST_F(StoreSchema, EveryColumnInPublicHasACommentAndTimesAreInUtc) {
    migrate_with(k_plain);
    EXPECT_EQ(
        database().value(
            "SELECT string_agg(c.relname || '.' || a.attname, ', ') FROM pg_class c JOIN "
            "pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace "
            "AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND (col_description(c.oid, "
            "a.attnum) IS NULL OR a.atttypid = 'timestamp'::regtype)"
        ),
        ""
    );
    EXPECT_EQ(
        database().value("SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE "
                         "relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"),
        "ai_analysis,device_latest,devices,equipment_status,inspection_results,modax_schema,"
        "production_orders,production_reports,safety_events,sensor_data,sensor_data_1d,"
        "sensor_data_1h,sensor_data_1m"
    );
}

}  // namespace
}  // namespace modax::store
