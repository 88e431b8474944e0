#include "store/upkeep.hpp"

#include "store/readers.hpp"
#include "store/schema.hpp"
#include "support/plant_database.hpp"

#include <gmock/gmock.h>

namespace modax::store {
namespace {

class StoreUpkeep : public test::WithPlantDatabase {
protected:
    void SetUp() override {
        WithPlantDatabase::SetUp();
        if (IsSkipped()) return;
        connection_.emplace(database().connect());
        const auto done = migrate(*connection_, {false, {}}, [](const auto&) {});
        ASSERT_TRUE(done) << done.error().detail;
    }
    void execute(const std::string& statement) {
        const auto done = connection_->execute(statement);
        ASSERT_TRUE(done) << done.error().detail;
    }
    // `rows`: a query that gives time, device_id, temperature, is_safe, metrics, seq.
    void insert(const std::string& rows) {
        execute(
            "WITH stored AS (INSERT INTO sensor_data(time, device_id, temperature, is_safe, "
            "metrics, "
            "seq) " +
            rows +
            " ON CONFLICT DO NOTHING RETURNING time, device_id) INSERT INTO "
            "modax_internal.dirty_minutes(minute, device_id) SELECT DISTINCT date_trunc('minute', "
            "time, 'UTC'), device_id FROM stored"
        );
    }
    void all(const std::function<Result<bool>()>& piece) {
        for (int times = 0; times < 1000; ++times) {
            const auto more = piece();
            ASSERT_TRUE(more) << more.error().detail;
            if (!*more) return;
        }
        FAIL() << "has no end";
    }
    void refresh() {
        all([this] { return refresh_rollups(*connection_); });
    }
    std::string value(const std::string& statement) { return database().value(statement); }
    // Rows of a rollup that are not what the readings themselves say.
    std::string wrong_rows(const std::string& rollup, const std::string& span) {
        return value(
            "WITH said AS (SELECT date_trunc('" + span +
            "', time, 'UTC') AS start, device_id, metric, count(*) AS n, min(v) AS low, max(v) AS "
            "high, avg(v) AS mean, (array_agg(v ORDER BY time, seq))[1] AS f, (array_agg(v ORDER "
            "BY "
            "time DESC, seq DESC))[1] AS l, stddev_samp(v) AS s FROM sensor_data, LATERAL (VALUES "
            "('temperature', temperature), ('is_safe', is_safe::int::float8), ('load', "
            "(metrics->>'load')::float8)) m(metric, v) WHERE v IS NOT NULL GROUP BY 1, 2, 3) "
            "SELECT "
            "count(*) FROM said FULL JOIN " +
            rollup +
            " r ON r.time = start AND r.device_id = said.device_id AND r.metric = said.metric "
            "WHERE "
            "r.time IS NULL OR said.start IS NULL OR (r.count, r.min, r.max, r.first, r.last) IS "
            "DISTINCT FROM (n, low, high, f, l) OR abs(r.mean - said.mean) > 1e-9 * abs(said.mean) "
            "OR (s IS NULL) <> (stddev IS NULL) OR abs(s - stddev) > 1e-9 * (1 + s)"
        );
    }
    void expect_right_rollups() {
        EXPECT_EQ(wrong_rows("sensor_data_1m", "minute"), "0");
        EXPECT_EQ(wrong_rows("sensor_data_1h", "hour"), "0");
        EXPECT_EQ(wrong_rows("sensor_data_1d", "day"), "0");
    }

    std::optional<Connection> connection_;
};

constexpr const char* k_two_days =
    "SELECT timestamptz '2026-03-01 00:00Z' + n * interval '7.3 s', 'cnc-0' || n % 3, 1000 + "
    "sin(n) * 20, CASE WHEN n % 5 = 0 THEN n % 2 = 0 END, CASE WHEN n % 4 = 0 THEN "
    "jsonb_build_object('load', n % 97, 'tool', 'T1') END, n FROM generate_series(0, 20000) n";

TEST_F(StoreUpkeep, RollupsSayWhatTheReadingsSay) {
    insert(k_two_days);
    refresh();
    EXPECT_NE(value("SELECT count(*) FROM sensor_data_1h"), "0");
    expect_right_rollups();
    EXPECT_EQ(value("SELECT count(*) FROM modax_internal.dirty_minutes"), "0");
}

TEST_F(StoreUpkeep, ALateReadingRefreshesItsBuckets) {
    insert(k_two_days);
    refresh();
    insert("SELECT timestamptz '2026-03-01 00:00:00Z', 'cnc-00', -50, true, NULL, -7");
    insert("SELECT timestamptz '2026-03-01 23:59:59Z', 'cnc-02', 9000, NULL, NULL, 1");
    refresh();
    EXPECT_EQ(
        value("SELECT first FROM sensor_data_1d WHERE metric = 'temperature' AND device_id = "
              "'cnc-00' ORDER BY time LIMIT 1"),
        "-50"
    );
    expect_right_rollups();
}

TEST_F(StoreUpkeep, LateReadingsDoNotSpoilRollupsThatOutliveTheFinerOnes) {
    insert(k_two_days);
    refresh();
    // The minutes go, the readings stay: hours must be made from all of them again.
    UpkeepOptions options;
    options.keep_minutes = std::chrono::hours{24};
    const auto now = from_micros(1'790'000'000'000'000);
    all([&] { return drop_old(*connection_, options, now); });
    insert("SELECT timestamptz '2026-03-01 05:30Z', 'cnc-01', 77777, NULL, NULL, 1");
    refresh();
    EXPECT_EQ(wrong_rows("sensor_data_1h", "hour"), "0");
    EXPECT_EQ(wrong_rows("sensor_data_1d", "day"), "0");
    // The readings go as well: what was summed up stays as it is.
    options.keep_readings = std::chrono::hours{24};
    all([&] { return drop_old(*connection_, options, now); });
    EXPECT_EQ(value("SELECT count(*) FROM sensor_data"), "0");
    const auto before = value("SELECT sum(count) FROM sensor_data_1d");
    insert("SELECT timestamptz '2026-03-01 05:40Z', 'cnc-01', 1, NULL, NULL, 2");
    refresh();
    EXPECT_EQ(value("SELECT sum(count) FROM sensor_data_1d"), before);
    EXPECT_EQ(value("SELECT sum(count) FROM sensor_data_1h"), before);
}

TEST_F(StoreUpkeep, ReadingsOfAnyTimeFindTheirWeek) {
    insert(k_two_days);
    insert("SELECT now(), 'cnc-01', 1, NULL, NULL, 1");
    insert("SELECT timestamptz '1999-01-01Z', 'cnc-01', 1, NULL, NULL, 1");
    const auto stored = value("SELECT count(*) FROM sensor_data");
    EXPECT_EQ(value("SELECT count(*) FROM modax_internal.sensor_data_default"), stored);
    all([this] { return make_partition(*connection_); });
    EXPECT_EQ(value("SELECT count(*) FROM modax_internal.sensor_data_default"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM sensor_data"), stored);
    EXPECT_EQ(
        value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'sensor_data'::regclass"), "7"
    ) << "default, 1999, two weeks of March, this week and two ahead";
    insert(k_two_days);
    EXPECT_EQ(value("SELECT count(*) FROM sensor_data"), stored) << "the identity holds everywhere";
}

TEST_F(StoreUpkeep, RetentionTakesWholeWeeks) {
    insert(
        "SELECT timestamptz '2026-03-02Z' + n * interval '1 day', 'cnc-01', 1, NULL, NULL, 1 "
        "FROM generate_series(0, 20) n"
    );
    all([this] { return make_partition(*connection_); });
    UpkeepOptions options;
    options.keep_readings = std::chrono::hours{24};
    const auto now = *parse_iso8601("2026-03-18T00:00:00Z");
    all([&] { return drop_old(*connection_, options, now); });
    EXPECT_EQ(value("SELECT min(time)::date FROM sensor_data"), "2026-03-16");
}

TEST_F(StoreUpkeep, BucketsAreThoseOfTimescale) {
    const struct {
        const char* call;
        const char* expected;
    } cases[] = {
        {"time_bucket('1 hour', timestamptz '2026-03-01 10:59:59.9Z')", "2026-03-01 10:00:00+00"},
        {"time_bucket('7 days', timestamptz '2026-03-01 10:00Z')", "2026-02-23 00:00:00+00"},
        {"time_bucket('1 month', timestamptz '1999-12-31 23:59Z')", "1999-12-01 00:00:00+00"},
        {"time_bucket('3 months', timestamptz '2026-06-30Z')", "2026-04-01 00:00:00+00"},
        {"time_bucket('1 year', timestamptz '2026-06-30Z')", "2026-01-01 00:00:00+00"},
        {"time_bucket('1 day', timestamptz '2026-07-01 23:00Z', 'Europe/Berlin')",
         "2026-07-01 22:00:00+00"},
        {"time_bucket('1 week', date '2026-03-01')", "2026-02-23"},
    };
    for (const auto& each : cases) {
        EXPECT_EQ(value(std::string{"SELECT "} + each.call), each.expected) << each.call;
    }
}

TEST_F(StoreUpkeep, AReaderReadsThePlantAndNothingElse) {
    insert(k_two_days);
    Reader reader;
    reader.name = "bi_" + value("SELECT current_database()");
    reader.password = Secret{"reads only"};
    for (int times = 0; times < 2; ++times) {
        const auto granted = grant_reading(*connection_, reader);
        ASSERT_TRUE(granted) << granted.error().detail;
    }
    Target theirs = database().target();
    theirs.url.replace(theirs.url.find("//") + 2, 8, reader.name);
    theirs.password = reader.password;
    auto opened = Connection::open(theirs);
    ASSERT_TRUE(opened) << opened.error().detail;
    for (const std::string good :
         {"SELECT count(*) FROM sensor_data",
          "SELECT * FROM modax_schema",
          "SELECT * FROM sensor_data_1h",
          "CREATE TEMPORARY TABLE t AS SELECT * FROM devices"}) {
        const auto done = opened->execute(good);
        EXPECT_TRUE(done) << good << ": " << done.error().detail;
    }
    for (const std::string bad :
         {"SELECT * FROM modax_internal.dirty_minutes",
          "SELECT modax_internal.refresh_rollups(1)",
          "SELECT * FROM modax_internal.sensor_data_default",
          "DELETE FROM sensor_data",
          "INSERT INTO devices VALUES('x', now())",
          "CREATE TABLE public.t(n int)"}) {
        const auto done = opened->execute(bad);
        ASSERT_FALSE(done) << bad;
        EXPECT_EQ(done.error().code, Errc::permission_denied) << bad;
    }
    (void)connection_->execute("DROP OWNED BY " + reader.name + "; DROP ROLE " + reader.name);
    reader.name = "postgres";
    EXPECT_FALSE(grant_reading(*connection_, reader));
    reader.name = "x\"; DROP TABLE devices; --";
    EXPECT_FALSE(grant_reading(*connection_, reader));
}

}  // namespace
}  // namespace modax::store
