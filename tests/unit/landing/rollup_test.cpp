// Rollups: whatever is stored, whenever it came and however far they are, they say what the
// readings say; they outlive them and a kill.
#include "core/rollup.hpp"

#include "landing/rollups.hpp"
#include "landing/schema.hpp"
#include "landing/sqlite.hpp"
#include "unit/landing/landing_fixture.hpp"

#include <cmath>
#include <optional>
#include <random>

namespace modax::landing {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array k_widths{
    microseconds{0},
    microseconds{minutes{1}},
    microseconds{minutes{5}},
    microseconds{hours{1}},
    microseconds{days{1}}};

class RollupTest : public LandingTest {
protected:
    RollupTest() {
        rollup_options.interval = std::chrono::milliseconds{5};
        writer_options.retention_age = {};
    }
    ~RollupTest() override { rollups.reset(); }

    void sum_up() {
        rollups.reset();
        rollups = std::make_unique<Rollups>(*store, rollup_options, clock, log);
        ASSERT_TRUE(eventually([this] { return rollups->caught_up(); }));
    }
    void stop_rollups() { rollups.reset(); }

    std::vector<Bucket> from_store(RollupQuery query) {
        std::vector<Bucket> found;
        const auto read = store->rollups(query, [&](const Bucket& bucket) {
            found.push_back(bucket);
            return true;
        });
        EXPECT_TRUE(read) << read.error().detail;
        return found;
    }
    // An aggregation of the readings themselves.
    std::vector<Bucket> from_readings(const RollupQuery& query) {
        std::vector<Bucket> found;
        const HistoryQuery all{
            .device = query.device,
            .start = query.start,
            .end = query.end,
            .limit = 10'000'000,
            .after = {},
            .newest_first = false};
        const auto read = store->history(all, [&](const Reading& reading) {
            Timestamp start = query.start;
            if (query.width.count() > 0) {
                start = reading.time - reading.time.time_since_epoch() % query.width;
            }
            if (found.empty() || found.back().start() != start) {
                found.emplace_back(query.metrics);
                found.back().begin(start);
            }
            found.back().add(reading);
            return true;
        });
        EXPECT_TRUE(read) << read.error().detail;
        return found;
    }
    static void expect_equal(const Bucket& got, const Bucket& wanted) {
        EXPECT_EQ(format_iso8601(got.start()), format_iso8601(wanted.start()));
        EXPECT_EQ(got.readings(), wanted.readings());
        std::size_t metrics = 0;
        wanted.each([&](const std::string& name, const Summary& summary) {
            ++metrics;
            const Summary* found = got.find(name);
            ASSERT_NE(found, nullptr) << name;
            EXPECT_EQ(found->count, summary.count) << name;
            EXPECT_EQ(found->min, summary.min) << name;
            EXPECT_EQ(found->max, summary.max) << name;
            EXPECT_EQ(found->first, summary.first) << name;
            EXPECT_EQ(found->last, summary.last) << name;
            const double close = 1e-12 * std::max(1.0, std::abs(summary.mean()));
            EXPECT_NEAR(found->mean(), summary.mean(), close) << name;
            EXPECT_EQ(
                found->standard_deviation().has_value(), summary.standard_deviation().has_value()
            );
            EXPECT_NEAR(
                found->standard_deviation().value_or(0),
                summary.standard_deviation().value_or(0),
                1e-7
            ) << name;
        });
        std::size_t found = 0;
        got.each([&](const std::string&, const Summary&) { ++found; });
        EXPECT_EQ(found, metrics);
    }
    void expect_as_readings(const RollupQuery& query) {
        const auto got = from_store(query);
        const auto wanted = from_readings(query);
        ASSERT_EQ(got.size(), wanted.size())
            << format_iso8601(query.start) << " " << format_iso8601(query.end) << " "
            << query.width.count();
        for (std::size_t i = 0; i < got.size(); ++i) expect_equal(got[i], wanted[i]);
    }
    RollupQuery query_of(std::string_view id, Timestamp start, Timestamp end, microseconds width) {
        RollupQuery query;
        query.device = device(id);
        query.start = start;
        query.end = end;
        query.width = width;
        return query;
    }

    // The version of the schema that the step with the rollups begins at.
    std::int64_t version_before_rollups() {
        for (std::int64_t version = 1; version <= schema_version(); ++version) {
            auto made = Connection::open(
                {directory.path() / std::to_string(version),
                 "",
                 ConnectionOptions::Mode::create,
                 true}
            );
            if (!made || !migrate(*made, version)) break;
            const auto there =
                made->integer("SELECT count(*) FROM sqlite_master WHERE name='rollup_state'");
            if (there && *there > 0) return version - 1;
        }
        ADD_FAILURE() << "no step of the schema makes the rollups";
        return 0;
    }

    RollupOptions rollup_options;
    std::unique_ptr<Rollups> rollups;
    const Timestamp day = *parse_iso8601("2025-12-09");
};

// Random readings of two devices over three days, in random order, many at the same moment, with
// further metrics; rollups that are anywhere between nothing and all of it.
TEST_F(RollupTest, equal_an_aggregation_of_the_readings) {
    for (const unsigned seed : {1U, 2U, 3U, 4U}) {
        SCOPED_TRACE(seed);
        std::mt19937 random{seed};
        const auto pick = [&](int below) {
            return std::uniform_int_distribution<int>{0, below - 1}(random);
        };
        store_options.data_dir = directory.path() / ("data" + std::to_string(seed));
        open();
        std::int64_t sequence = 0;
        const auto store_some = [&](int count) {
            IngestGroup group;
            for (int i = 0; i < count; ++i) {
                const auto time = day + seconds{pick(3 * 24 * 360) * 10};
                auto one = reading_at(pick(3) > 0 ? "press-01" : "mill-02", ++sequence, time);
                one[Quantity::temperature] = 1e6 + pick(1000) / 7.0;
                if (pick(2) > 0) one[Quantity::current] = -pick(100);
                if (pick(3) > 0) one.is_safe = pick(2) > 0;
                if (pick(4) > 0) one.metrics.push_back({"pressure", pick(50) / 3.0});
                if (pick(4) > 0) one.metrics.push_back({"door", pick(2) > 0});
                if (pick(4) > 0) one.metrics.push_back({"mode", std::string{"auto"}});
                group.readings.push_back(std::move(one));
            }
            store_now(std::move(group));
        };
        for (int round = 0; round < 4; ++round) {
            store_some(1500);
            sum_up();
            // Late data while they run, and data that waits for the next run.
            store_some(300);
            if (round % 2 == 0) stop_rollups();
            store_some(300);
            for (int look = 0; look < 12; ++look) {
                auto start = day + seconds{pick(3 * 24 * 3600)};
                auto end = start + seconds{pick(2 * 24 * 3600)};
                if (look == 0) start = day, end = day + days{3};
                if (look == 1) end = start + seconds{pick(120)};
                for (const auto width : k_widths) {
                    auto query = query_of(pick(2) > 0 ? "press-01" : "mill-02", start, end, width);
                    if (look % 3 == 1) query.metrics = {"current", "door", "is_safe", "none"};
                    expect_as_readings(query);
                    if (HasFailure()) return;
                }
            }
        }
        stop_rollups();
        close();
    }
}

TEST_F(RollupTest, go_on_after_a_restart_without_counting_twice) {
    open();
    for (int round = 0; round < 5; ++round) {
        IngestGroup group;
        for (int i = 0; i < 50; ++i) {
            group.readings.push_back(
                reading_at("press-01", round * 50 + i, day + seconds{round * 50 + i})
            );
        }
        store_now(std::move(group));
        if (round % 2 == 0) sum_up();
        stop_rollups();
        reopen();
    }
    sum_up();
    for (const auto width : k_widths) {
        expect_as_readings(query_of("press-01", day, day + days{1}, width));
    }
    Inspector inspector{store_options.data_dir / "modax.db"};
    EXPECT_EQ(inspector.ask("SELECT sum(count) FROM rollups_1d WHERE metric=-1"), "250");
    EXPECT_EQ(
        inspector.ask("SELECT count || ' ' || mean || ' ' || metric FROM sensor_data_1d"
                      " WHERE device_id='press-01'"),
        "250 144.5 temperature"
    );
}

// A database of before the rollups: its readings are summed up from the newest hour on, while new
// ones come for the same hours.
TEST_F(RollupTest, are_made_for_what_was_there_before) {
    std::filesystem::create_directories(store_options.data_dir);
    {
        auto old = Connection::open(
            {store_options.data_dir / "modax.db", "", ConnectionOptions::Mode::create, true}
        );
        ASSERT_TRUE(old);
        ASSERT_TRUE(migrate(*old, version_before_rollups()));
        const auto filled = old->execute(
            "INSERT INTO devices VALUES(1, 'press-01', 0);"
            "INSERT INTO device_hours SELECT DISTINCT 1, 0, 490656 + value / 180"
            " FROM (WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n"
            "       WHERE value < 2999) SELECT value FROM n);"
            "INSERT INTO readings(hour, device, time, sequence, received, temperature)"
            " SELECT 490656 + value / 180, 1, (490656 * 3600 + value * 20) * 1000000, value, 0,"
            "        value * 0.5"
            " FROM (WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n"
            "       WHERE value < 2999) SELECT value FROM n);"
            "INSERT INTO stream_log VALUES(1, 3000, 0, x'');"
        );
        ASSERT_TRUE(filled) << filled.error().detail;
    }
    open();
    // Not summed up yet: right all the same.
    for (const auto width : k_widths) {
        expect_as_readings(query_of("press-01", day, day + days{1}, width));
    }
    IngestGroup late;
    for (int i = 0; i < 500; ++i) {
        late.readings.push_back(reading_at("press-01", 5000 + i, day + seconds{i * 100 + 7}));
    }
    store_now(std::move(late));
    for (const auto width : k_widths) {
        expect_as_readings(query_of("press-01", day, day + days{1}, width));
    }
    sum_up();
    for (const auto width : k_widths) {
        expect_as_readings(query_of("press-01", day, day + days{1}, width));
    }
    Inspector inspector{store_options.data_dir / "modax.db"};
    EXPECT_EQ(inspector.ask("SELECT sum(count) FROM rollups_1m WHERE metric=-1"), "3500");
    EXPECT_EQ(inspector.ask("SELECT count(*) FROM rollup_backfill"), "0");
}

TEST_F(RollupTest, outlive_the_readings_each_for_its_own_time) {
    clock.step_wall_clock(day + days{10} - clock.now());
    rollup_options.keep = {hours{5 * 24}, hours{8 * 24}, hours{0}};
    open();
    sum_up();
    IngestGroup group;
    for (int i = 0; i < 240; ++i) {
        group.readings.push_back(reading_at("press-01", i, day + hours{i}));
    }
    store_now(std::move(group));
    ASSERT_TRUE(eventually([this] { return rollups->caught_up(); }));
    const auto before = from_store(query_of("press-01", day, day + days{10}, days{1}));
    ASSERT_EQ(before.size(), 10U);
    stop_rollups();
    writer_options.retention_age = hours{24};
    reopen();
    sum_up();
    Inspector inspector{store_options.data_dir / "modax.db"};
    const auto count = [&](const char* table) {
        return inspector.ask(std::string{"SELECT count(DISTINCT start) FROM "} + table);
    };
    EXPECT_TRUE(eventually([&] { return inspector.ask("SELECT count(*) FROM readings") == "24"; }));
    EXPECT_TRUE(eventually([&] { return count("rollups_1m") == "120"; })) << count("rollups_1m");
    EXPECT_TRUE(eventually([&] { return count("rollups_1h") == "192"; })) << count("rollups_1h");
    EXPECT_EQ(count("rollups_1d"), "10");
    const auto after = from_store(query_of("press-01", day, day + days{10}, days{1}));
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) expect_equal(after[i], before[i]);
    // Late data for a day whose readings are gone adds to it.
    IngestGroup late;
    late.readings.push_back(reading_at("press-01", 999, day + minutes{90}));
    store_now(std::move(late));
    ASSERT_TRUE(eventually([this] { return rollups->caught_up(); }));
    const auto changed = from_store(query_of("press-01", day, day + days{1}, days{1}));
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0].readings(), 25U);
    EXPECT_EQ(changed[0].find("temperature")->max, 20.0 + 999);
    EXPECT_EQ(changed[0].find("temperature")->first, 20.0);
    // So that "auto" does not choose what is gone.
    EXPECT_TRUE(eventually([this] {
        clock.advance(seconds{10});
        return store->rollup_coverage().readings > day && store->rollup_coverage().minutes > day;
    }));
}

TEST_F(RollupTest, that_are_gone_are_made_up_for_by_readings_that_are_not) {
    clock.step_wall_clock(day + days{20} - clock.now());
    rollup_options.keep = {hours{24}, hours{48}, hours{72}};
    open();
    IngestGroup group;
    for (int i = 0; i < 2000; ++i) {
        group.readings.push_back(reading_at("press-01", i, day + minutes{i * 14} + seconds{i % 60})
        );
    }
    store_now(std::move(group));
    sum_up();
    Inspector inspector{store_options.data_dir / "modax.db"};
    const auto old = "SELECT count(*) FROM rollups_1m WHERE start < " +
                     std::to_string(to_micros(day + days{18}) / 1'000'000);
    EXPECT_TRUE(eventually([&] { return inspector.ask(old) == "0"; }));
    for (const auto width : k_widths) {
        expect_as_readings(query_of("press-01", day, day + days{20}, width));
        expect_as_readings(query_of("press-01", day + minutes{90}, day + minutes{28'017}, width));
    }
    IngestGroup late;
    for (int i = 0; i < 200; ++i) {
        late.readings.push_back(reading_at("press-01", 5000 + i, day + minutes{i * 140}));
    }
    stop_rollups();
    store_now(std::move(late));
    for (const auto width : k_widths) {
        expect_as_readings(query_of("press-01", day + minutes{7}, day + days{20}, width));
    }
}

TEST_F(RollupTest, hold_retention_back_until_all_is_summed_up) {
    clock.step_wall_clock(day + days{2} - clock.now());
    open();
    IngestGroup group;
    for (int i = 0; i < 100; ++i) group.readings.push_back(reading_at("press-01", i, day));
    store_now(std::move(group));
    close();
    // Old enough to be deleted at once; the rollups have not seen them.
    writer_options.retention_age = hours{1};
    registry = std::make_unique<DeviceRegistry>();
    auto opened = Store::open(store_options, *registry, clock, log);
    ASSERT_TRUE(opened);
    store = std::move(*opened);
    sum_up();
    writer = std::make_unique<Writer>(*store, witness, witness, disk, writer_options, clock, log);
    Inspector inspector{store_options.data_dir / "modax.db"};
    EXPECT_TRUE(eventually([&] { return inspector.ask("SELECT count(*) FROM readings") == "0"; }));
    EXPECT_EQ(inspector.ask("SELECT sum(count) FROM rollups_1m WHERE metric=-1"), "100");
}

TEST_F(RollupTest, a_year_of_an_hour_or_a_day_is_read_in_under_a_second) {
    clock.step_wall_clock(day + days{366} - clock.now());
    open();
    for (int part = 0; part < 12; ++part) {
        IngestGroup group;
        for (int i = 0; i < 4380; ++i) {
            const int number = part * 4380 + i;
            group.readings.push_back(reading_at("press-01", number, day + minutes{number * 10}));
        }
        store_now(std::move(group));
    }
    sum_up();
    for (const auto width : {microseconds{hours{1}}, microseconds{days{1}}}) {
        const auto begun = std::chrono::steady_clock::now();
        const auto buckets = from_store(query_of("press-01", day, day + days{365}, width));
        EXPECT_EQ(buckets.size(), days{365} / width);
        EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds{1});
    }
}

}  // namespace
}  // namespace modax::landing
