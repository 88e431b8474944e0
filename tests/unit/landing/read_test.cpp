#include "landing/stream_keys.hpp"
#include "landing_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <thread>

namespace modax::landing {
namespace {

using testing::ElementsAre;

class ReadTest : public LandingTest {
protected:
    void SetUp() override { open(); }

    // What replay gives, as stream sequences.
    std::vector<std::uint64_t> replayed(
        std::uint64_t since, std::size_t limit = 1000, const Device* only = nullptr
    ) {
        std::vector<std::uint64_t> found;
        const auto read = store->replay(since, limit, only, [&](const LiveEvent& event) {
            found.push_back(event.stream_sequence());
            return true;
        });
        EXPECT_TRUE(read) << read.error().detail;
        return found;
    }
};

TEST(StreamKeys, ComeBackAsTheyWere) {
    constexpr auto k_low = std::numeric_limits<std::int64_t>::min();
    constexpr auto k_high = std::numeric_limits<std::int64_t>::max();
    const std::vector<StreamKey> keys{
        {false, 1, 1'700'000'000'000'000, 5},
        {true, 4'294'967'295U, k_low, k_high},
        {false, 7, k_high, k_low},
        {false, 7, 0, -1}};
    StreamKeyEncoder encoder;
    for (const StreamKey& key : keys) encoder.append(key);
    StreamKeyDecoder decoder{encoder.bytes()};
    for (const StreamKey& key : keys) EXPECT_EQ(decoder.next(), key);
    EXPECT_EQ(decoder.next(), std::nullopt);
    StreamKeyDecoder torn{encoder.bytes().substr(0, 3)};
    EXPECT_EQ(torn.next(), std::nullopt);
}

// Against a sorted list in memory, over sparse hours, equal times and both directions.
TEST_F(ReadTest, HistoryGivesWhatASortedListWould) {
    std::mt19937 random{7};
    std::vector<Reading> all;
    IngestGroup group;
    for (std::int64_t i = 0; i < 400; ++i) {
        const auto hours = std::chrono::hours{random() % 40 * 7};
        const auto time = clock.now() + hours + std::chrono::seconds{random() % 4 * 900};
        all.push_back(reading_at("cnc-01", i - 200, time));
        group.readings.push_back(all.back());
        group.readings.push_back(reading_at("other", i, time));
    }
    store_now(std::move(group));
    const auto key = [](const Reading& reading) {
        return std::pair{reading.time, reading.sequence};
    };
    std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
        return key(a) < key(b);
    });
    for (int round = 0; round < 200; ++round) {
        HistoryQuery query;
        query.start = all[random() % all.size()].time;
        query.end = all[random() % all.size()].time + std::chrono::microseconds{random() % 2};
        query.limit = random() % 100;
        query.newest_first = random() % 2 == 0;
        if (random() % 2 == 0) {
            const Reading& after = all[random() % all.size()];
            query.after = HistoryQuery::After{after.time, after.sequence};
        }
        std::vector<Reading> expected = all;
        if (query.newest_first) std::reverse(expected.begin(), expected.end());
        std::erase_if(expected, [&](const Reading& reading) {
            if (reading.time < query.start || reading.time >= query.end) return true;
            if (!query.after) return false;
            const auto after = std::pair{query.after->time, query.after->sequence};
            return query.newest_first ? key(reading) >= after : key(reading) <= after;
        });
        if (expected.size() > query.limit) expected.resize(query.limit);
        ASSERT_EQ(sequences(history("cnc-01", query)), sequences(expected)) << "round " << round;
    }
}

TEST_F(ReadTest, HistoryStopsWhenTold) {
    IngestGroup group;
    for (std::int64_t i = 0; i < 10; ++i) group.readings.push_back(reading("cnc-01", i));
    store_now(std::move(group));
    HistoryQuery query;
    query.device = device("cnc-01");
    query.end = clock.now() + std::chrono::hours{1};
    int given = 0;
    ASSERT_TRUE(store->history(query, [&](const Reading&) { return ++given < 3; }));
    EXPECT_EQ(given, 3);
}

TEST_F(ReadTest, ALongReadDoesNotHoldTheWriterUpAndSeesOneState) {
    IngestGroup group;
    for (std::int64_t i = 0; i < 10; ++i) group.readings.push_back(reading("cnc-01", i));
    store_now(std::move(group));
    HistoryQuery query;
    query.device = device("cnc-01");
    query.end = clock.now() + std::chrono::hours{1};
    int given = 0;
    ASSERT_TRUE(store->history(query, [&](const Reading&) {
        // A commit while this read is open; its acknowledgement comes before the read goes on.
        if (++given == 2) {
            for (std::int64_t i = 10; i < 60; ++i) store_now(group_of(reading("cnc-01", i)));
        }
        return true;
    }));
    EXPECT_EQ(given, 10);
    EXPECT_EQ(history("cnc-01").size(), 60U);
}

TEST_F(ReadTest, ReadsMoreThanConnectionsWaitForEachOther) {
    close();
    store_options.reader_connections = 2;
    open();
    store_now(group_of(reading("cnc-01", 1)));
    std::atomic<int> found{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                for (int round = 0; round < 20; ++round) {
                    found += static_cast<int>(history("cnc-01").size());
                }
            });
        }
    }
    EXPECT_EQ(found, 160);
}

TEST_F(ReadTest, ReplayGivesTheEventsBehindANumberInOrder) {
    SafetyStatus status;
    status.device = device("cnc-02");
    status.time = clock.now();
    status.door_closed = true;
    IngestGroup group = group_of(reading("cnc-01", 100));
    group.readings.push_back(reading("cnc-02", -5'000'000'000));
    group.safety.push_back(status);
    store_now(std::move(group));
    store_now(group_of(reading("cnc-01", 101)));
    store_now(group_of(reading("cnc-01", 101)));  // a duplicate is no event
    store_now(group_of(reading("cnc-01", 102)));
    EXPECT_THAT(replayed(0), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_THAT(replayed(1), ElementsAre(2, 3, 4, 5));
    EXPECT_THAT(replayed(3), ElementsAre(4, 5));
    EXPECT_THAT(replayed(0, 2), ElementsAre(1, 2));
    EXPECT_THAT(replayed(0, 1000, device("cnc-02")), ElementsAre(2, 3));
    EXPECT_THAT(replayed(5), ElementsAre());
    EXPECT_THAT(replayed(99), ElementsAre());
    std::vector<std::string> bodies;
    ASSERT_TRUE(store->replay(0, 3, nullptr, [&](const LiveEvent& event) {
        bodies.push_back(event.json());
        return true;
    }));
    const auto& events = witness.batches()[0]->events;
    EXPECT_THAT(bodies, ElementsAre(events[0].json(), events[1].json(), events[2].json()));
    reopen();
    EXPECT_THAT(replayed(3), ElementsAre(4, 5));
}

TEST_F(ReadTest, ReplayFromBeforeTheWindowIsNotFound) {
    for (std::int64_t sequence = 1; sequence <= 3; ++sequence) {
        store_now(group_of(reading("cnc-01", sequence)));
    }
    clock.advance(std::chrono::hours{25});
    store_now(group_of(reading("cnc-01", 4)));
    // Everything but the last row, which carries the sequence, has left the window of 24 hours.
    ASSERT_TRUE(eventually([&] {
        const auto read = store->replay(0, 1, nullptr, [](const LiveEvent&) { return true; });
        return !read && read.error().code == Errc::not_found;
    }));
    EXPECT_THAT(replayed(3), ElementsAre(4));
    reopen();
    EXPECT_EQ(store->last_stream_sequence(), 4U);
}

TEST_F(ReadTest, LatestIsTheNewestOfEachDevice) {
    IngestGroup group;
    group.readings = {
        reading_at("cnc-01", 1, clock.now() + std::chrono::hours{50}),
        reading_at("cnc-01", 2, clock.now()),
        reading_at("cnc-02", 3, clock.now() - std::chrono::hours{1000})};
    SafetyStatus status;
    status.device = device("cnc-02");
    status.time = clock.now();
    status.sequence = 1;
    group.safety.push_back(status);
    status.time += std::chrono::hours{2};
    status.sequence = 2;
    group.safety.push_back(status);
    store_now(std::move(group));
    std::vector<std::int64_t> readings;
    std::vector<std::int64_t> safety;
    ASSERT_TRUE(store->latest(
        [&](Reading&& reading) { readings.push_back(reading.sequence); },
        [&](SafetyStatus&& found) { safety.push_back(found.sequence); }
    ));
    EXPECT_THAT(readings, ElementsAre(1, 3));
    EXPECT_THAT(safety, ElementsAre(2));
}

}  // namespace
}  // namespace modax::landing
