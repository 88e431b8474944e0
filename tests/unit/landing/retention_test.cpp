#include "landing/retention.hpp"

#include "landing_fixture.hpp"

#include <gmock/gmock.h>

namespace modax::landing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RetentionTest : public LandingTest {
protected:
    void store_hours(std::int64_t hours, std::int64_t per_hour, std::size_t text = 0) {
        std::int64_t sequence = 0;
        for (std::int64_t hour = 0; hour < hours; ++hour) {
            IngestGroup group;
            for (std::int64_t i = 0; i < per_hour; ++i) {
                const auto time = start + std::chrono::hours{hour} + std::chrono::milliseconds{i};
                Reading made = reading_at("cnc-01", sequence++, time);
                if (text > 0) made.metrics.push_back({"text", std::string(text, 'x')});
                group.readings.push_back(std::move(made));
            }
            SafetyStatus status;
            status.device = device("cnc-01");
            status.time = start + std::chrono::hours{hour};
            group.safety.push_back(status);
            store_now(std::move(group));
        }
    }
    // A whole hour, so that hours and rows are easy to count.
    const Timestamp start = from_micros(1'700'000'000'000'000 / 3'600'000'000 * 3'600'000'000);
};

TEST_F(RetentionTest, DeletesWhatIsOlderThanTheAgeAndNothingElse) {
    writer_options.retention_age = std::chrono::hours{72};
    open();
    // More rows in an hour than one step deletes.
    store_hours(1, 5000);
    store_hours(4, 10);
    const auto total = history("cnc-01", limited(100'000)).size();
    ASSERT_EQ(total, 5000U + 30U);  // the first hour's ten were there already
    clock.step_wall_clock(start + std::chrono::hours{2 + 72} - clock.now());
    clock.advance(std::chrono::seconds{6});
    ASSERT_TRUE(eventually([&] { return history("cnc-01", limited(100'000)).size() == 20; }));
    EXPECT_EQ(history("cnc-01", limited(1))[0].time, start + std::chrono::hours{2});
    Inspector sql{database()};
    ASSERT_TRUE(eventually([&] { return sql.ask("SELECT count(*) FROM safety_events") == "2"; }));
    EXPECT_EQ(sql.ask("SELECT count(*) FROM device_hours"), "4");
    // A late reading of a deleted hour is found again.
    store_now(group_of(reading_at("cnc-01", 900'000, start + std::chrono::hours{2})));
    EXPECT_EQ(history("cnc-01", limited(100'000)).size(), 21U);
}

TEST_F(RetentionTest, KeepsTheStoreBelowItsSizeAndGivesTheBytesBack) {
    constexpr std::uint64_t k_limit = 2'000'000;
    writer_options.retention_bytes = k_limit;
    open();
    store_hours(10, 1000, 500);
    ASSERT_GT(
        std::filesystem::file_size(database()) +
            std::filesystem::file_size(database().string() + "-wal"),
        k_limit
    );
    clock.advance(std::chrono::seconds{6});
    {
        Inspector sql{database()};
        const auto number = [&](const char* question) { return std::stoull(sql.ask(question)); };
        ASSERT_TRUE(eventually([&] {
            return (number("PRAGMA page_count") - number("PRAGMA freelist_count")) * 4096 <=
                       k_limit &&
                   number("PRAGMA freelist_count") <= 512;
        }));
        const auto kept = history("cnc-01", limited(100'000));
        ASSERT_FALSE(kept.empty());
        EXPECT_EQ(kept.back().sequence, 9999) << "the newest stay";
        EXPECT_LT(kept.size(), 5000U);
        EXPECT_EQ(sql.ask("PRAGMA integrity_check"), "ok");
    }
    // The last connection that closes cuts the file.
    close();
    EXPECT_LT(std::filesystem::file_size(database()), k_limit + 512 * 4096);
}

// The keys of 200,000 events alone are larger than the size, and the replay window keeps them.
TEST_F(RetentionTest, AStreamLogLargerThanTheSizeDoesNotPushOutEveryReading) {
    writer_options.retention_bytes = 1'000'000;
    open();
    std::int64_t number = 0;
    for (int round = 0; round < 200; ++round) {
        IngestGroup group;
        for (int i = 0; i < 1000; ++i, ++number) {
            // Like the hash of a payload without `seq`.
            const auto hash = static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15U;
            const auto time = start + std::chrono::milliseconds{number * 500};
            group.readings.push_back(
                reading_at("cnc-01", -static_cast<std::int64_t>(hash >> 1U), time)
            );
        }
        store_now(std::move(group));
        clock.advance(std::chrono::seconds{6});
    }
    Inspector sql{database()};
    ASSERT_TRUE(eventually([&] {
        return (std::stoull(sql.ask("PRAGMA page_count")) -
                std::stoull(sql.ask("PRAGMA freelist_count"))) *
                   4096 <=
               writer_options.retention_bytes;
    }));
    const auto kept = history("cnc-01", limited(1'000'000));
    ASSERT_GT(kept.size(), 1000U);
    EXPECT_EQ(kept.back().time, start + std::chrono::milliseconds{(number - 1) * 500});
    // What can no longer be replayed is said, not left out in silence.
    const auto replayed = store->replay(0, 10, nullptr, [](const LiveEvent&) { return true; });
    ASSERT_FALSE(replayed);
    EXPECT_EQ(replayed.error().code, Errc::not_found);
}

TEST_F(RetentionTest, TheQuarantineIsCutByRowsAndByBytes) {
    writer_options.quarantine_rows = 50;
    writer_options.quarantine_bytes = 100'000;
    open();
    IngestGroup group;
    for (int i = 0; i < 80; ++i) {
        group.rejected.push_back({clock.now(), "t", "small", 5, "not_json", "", ""});
    }
    store_now(std::move(group));
    clock.advance(std::chrono::seconds{6});
    ASSERT_TRUE(eventually([&] { return store->quarantine(0, 1000)->size() == 50; }));
    IngestGroup large;
    for (int i = 0; i < 5; ++i) {
        large.rejected.push_back(
            {clock.now(), "t", std::string(60'000, 'x'), 60'000, "too_large", "", ""}
        );
    }
    store_now(std::move(large));
    clock.advance(std::chrono::seconds{6});
    ASSERT_TRUE(eventually([&] { return store->quarantine(0, 1000)->size() == 1; }));
    EXPECT_EQ(store->quarantine(0, 1000)->front().id, 85U) << "the newest stays";
}

TEST_F(RetentionTest, SaysWhenTheReplayWindowIsLongerThanTheAge) {
    writer_options.retention_age = std::chrono::hours{1};
    open();
    EXPECT_THAT(log.lines(LogLevel::warn), ElementsAre(HasSubstr("retention_age")));
}

}  // namespace
}  // namespace modax::landing
