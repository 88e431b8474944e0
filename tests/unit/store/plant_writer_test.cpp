#include "store/plant_writer.hpp"

#include "store/schema.hpp"
#include "support/plant_database.hpp"

#include <gmock/gmock.h>

namespace modax::store {
namespace {

using testing::HasSubstr;
using Kind = PlantFailure::Kind;

class PlantWriterTest : public test::WithPlantDatabase {
protected:
    PlantWriter writer(std::vector<MetricColumn> columns = {}) {
        MigrationOptions migration;
        migration.columns = columns;
        return {database().target(), std::move(columns), "gate", [migration](Connection& opened) {
                    return migrate(opened, migration, [](const std::string&) {});
                }};
    }
    Reading reading(std::int64_t sequence, double temperature = 40) {
        Reading made;
        made.device = device;
        made.time = start + std::chrono::seconds{sequence};
        made.sequence = sequence;
        made[Quantity::temperature] = temperature;
        return made;
    }
    std::string ask(const std::string& statement) { return database().value(statement); }

    DeviceRegistry devices;
    const Timestamp start = from_micros(1'700'000'000'000'000);
    const Device* device = devices.find_or_register("CNC-01", start).value();
    const std::stop_token never;
};

TEST_F(PlantWriterTest, ReadingsAreStoredOnceHoweverOftenTheyCome) {
    auto plant = writer();
    PlantBatch batch;
    for (int i = 0; i < 100; ++i) batch.readings.push_back(reading(i));
    auto written = plant.write(batch, never);
    ASSERT_TRUE(written) << written.error().detail;
    EXPECT_EQ(written->rows, 100U);
    EXPECT_EQ(written->duplicates, 0U);
    batch.readings.push_back(reading(100, 77));
    written = plant.write(batch, never);
    ASSERT_TRUE(written) << written.error().detail;
    EXPECT_EQ(written->rows, 101U);
    EXPECT_EQ(written->duplicates, 100U);
    EXPECT_EQ(ask("SELECT count(*) FROM sensor_data"), "101");
    EXPECT_EQ(ask("SELECT temperature FROM device_latest"), "77");
    EXPECT_NE(ask("SELECT count(*) FROM modax_internal.dirty_minutes"), "0");
}

TEST_F(PlantWriterTest, AnOlderReadingDoesNotReplaceTheLatest) {
    auto plant = writer();
    PlantBatch batch;
    batch.readings = {reading(50, 50), reading(10, 10)};
    ASSERT_TRUE(plant.write(batch, never));
    batch.readings = {reading(20, 20)};
    ASSERT_TRUE(plant.write(batch, never));
    EXPECT_EQ(ask("SELECT temperature FROM device_latest"), "50");
}

TEST_F(PlantWriterTest, FurtherMetricsGoToTheirColumnOrToTheJson) {
    auto plant = writer({{"coolant_pressure", MetricColumn::Type::number, "bar"}});
    PlantBatch batch;
    batch.readings = {reading(1), reading(2)};
    batch.readings[0].metrics = {
        {"coolant_pressure", 3.5}, {"program", std::string{"O1234"}}, {"probe", true}};
    batch.readings[1].metrics = {{"coolant_pressure", std::string{"low"}}};
    ASSERT_TRUE(plant.write(batch, never));
    EXPECT_EQ(ask("SELECT coolant_pressure FROM sensor_data WHERE seq=1"), "3.5");
    EXPECT_EQ(
        ask("SELECT metrics FROM sensor_data WHERE seq=1"), R"({"probe": true, "program": "O1234"})"
    );
    EXPECT_EQ(ask("SELECT metrics FROM sensor_data WHERE seq=2"), R"({"coolant_pressure": "low"})");
    EXPECT_EQ(ask("SELECT coolant_pressure IS NULL FROM sensor_data WHERE seq=2"), "t");
}

TEST_F(PlantWriterTest, ATextThatPostgresCannotHoldIsRejectedAndNothingOfTheBatchStays) {
    auto plant = writer();
    PlantBatch batch;
    batch.readings = {reading(1), reading(2)};
    batch.readings[1].metrics = {{"note", std::string{"a\0b", 3}}};
    const auto written = plant.write(batch, never);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, Kind::rejected);
    EXPECT_EQ(ask("SELECT count(*) FROM sensor_data"), "0");
    batch.readings.pop_back();
    EXPECT_TRUE(plant.write(batch, never));
}

TEST_F(PlantWriterTest, TakesTheSpellingThatThePlantStoreHas) {
    auto plant = writer();
    PlantBatch batch;
    batch.readings = {reading(1)};
    ASSERT_TRUE(plant.write(batch, never));
    DeviceRegistry others;
    auto second = writer();
    batch.readings[0].device = others.find_or_register("cnc-01", start).value();
    const auto written = second.write(batch, never);
    ASSERT_TRUE(written) << written.error().detail;
    EXPECT_EQ(written->duplicates, 1U);
    EXPECT_EQ(ask("SELECT string_agg(device_id, ',') FROM devices"), "CNC-01");
}

TEST_F(PlantWriterTest, BusinessRowsAreStoredAndKeptUpToDate) {
    auto plant = writer();
    PlantBatch batch;
    ProductionOrder order;
    order.id = "1000815";
    order.state = "started";
    order.changed = start;
    batch.orders = {order};
    ProductionReport report;
    report.id = "e1";
    report.order_id = order.id;
    report.yield = 5;
    batch.reports = {report};
    InspectionReport inspection;
    inspection.id = "e2";
    inspection.lot_id = "4711";
    inspection.computed = "passed";
    inspection.results = {{"diameter", 10.01, 10.0, 0.02}, {"length", 99.9}};
    batch.inspections = {inspection};
    EquipmentStatus status;
    status.id = "e3";
    status.device_id = "CNC-01";
    status.status = "down";
    batch.statuses = {status};
    SafetyStatus safety;
    safety.device = device;
    safety.time = start;
    safety.emergency_stop = true;
    batch.safety = {safety};
    AnalysisRecord analysis;
    analysis.id = 7;
    analysis.analysis.device = device;
    analysis.analysis.time = start;
    analysis.analysis.has_anomaly = true;
    analysis.analysis.anomaly_type = AnomalyType::drift;
    analysis.analysis.recommendations = {"look", "listen"};
    analysis.analysis.model_version = "1";
    batch.analyses = {analysis};
    auto written = plant.write(batch, never);
    ASSERT_TRUE(written) << written.error().detail;
    batch.orders[0].state = "completed";
    batch.orders[0].changed = start + std::chrono::seconds{1};
    batch.statuses[0].end = start;
    written = plant.write(batch, never);
    ASSERT_TRUE(written) << written.error().detail;
    EXPECT_EQ(ask("SELECT status FROM production_orders"), "completed");
    EXPECT_EQ(ask("SELECT downtime_end IS NOT NULL FROM equipment_status"), "t");
    EXPECT_EQ(
        ask("SELECT string_agg(name, ',' ORDER BY position) FROM inspection_results"),
        "diameter,length"
    );
    EXPECT_EQ(ask("SELECT quantity_produced FROM production_reports"), "5");
    EXPECT_EQ(ask("SELECT is_safe FROM safety_events"), "f");
    EXPECT_EQ(ask("SELECT anomaly_type || gateway || analysis_id FROM ai_analysis"), "driftgate7");
    EXPECT_EQ(ask("SELECT count(*) FROM inspection_results"), "2");
}

TEST_F(PlantWriterTest, AMissingTableIsSomethingForAPerson) {
    PlantWriter plant{database().target(), {}, "gate", [](Connection&) { return Status{}; }};
    PlantBatch batch;
    batch.readings = {reading(1)};
    const auto written = plant.write(batch, never);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, Kind::misconfigured);
    EXPECT_THAT(written.error().detail, HasSubstr("devices"));
}

TEST_F(PlantWriterTest, ALostConnectionIsOpenedAgain) {
    auto plant = writer();
    PlantBatch batch;
    batch.readings = {reading(1)};
    ASSERT_TRUE(plant.write(batch, never));
    database().value(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    );
    batch.readings = {reading(2)};
    const auto lost = plant.write(batch, never);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, Kind::unavailable);
    EXPECT_TRUE(plant.write(batch, never));
    EXPECT_EQ(ask("SELECT count(*) FROM sensor_data"), "2");
}

}  // namespace
}  // namespace modax::store
