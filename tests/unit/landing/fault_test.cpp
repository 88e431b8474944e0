// Failing syncs, full disks and power cuts: nothing is acknowledged that is not there afterwards.
#include "landing_fixture.hpp"
#include "support/faulty_vfs.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace modax::landing {
namespace {

using testing::HasSubstr;
using Lane = GroupWriter::Lane;

class FaultTest : public LandingTest {
protected:
    FaultTest() {
        store_options.vfs = vfs.name();
        writer_options.first_retry_delay = std::chrono::milliseconds{1};
        writer_options.last_retry_delay = std::chrono::milliseconds{10};
    }
    ~FaultTest() override { close(); }

    std::set<std::int64_t> acked_sequences() const {
        std::set<std::int64_t> found;
        for (const AckToken& token : witness.acked()) found.insert(token.packet_id);
        return found;
    }
    // Acknowledged readings that are not in the store a power cut leaves.
    std::size_t lost_by_power_cut(unsigned seed) {
        const auto acknowledged = acked_sequences();
        const auto after = directory.path() / ("after-" + std::to_string(seed));
        std::filesystem::create_directory(after);
        vfs.cut_power(after, seed);
        StoreOptions options;
        options.data_dir = after;
        options.quick_check = QuickCheck::always;
        DeviceRegistry devices;
        auto opened = Store::open(options, devices, clock, log);
        if (!opened) {
            ADD_FAILURE() << "seed " << seed << ": " << opened.error().detail;
            return acknowledged.size();
        }
        std::multiset<std::int64_t> stored;
        HistoryQuery query;
        query.device = devices.find("cnc-01");
        query.end = from_micros(4'000'000'000'000'000);
        query.limit = 1'000'000;
        if (query.device != nullptr) {
            EXPECT_TRUE((*opened)->history(query, [&](const Reading& reading) {
                stored.insert(reading.sequence);
                return true;
            }));
        }
        opened->reset();
        EXPECT_EQ(Inspector{after / "modax.db"}.ask("PRAGMA integrity_check"), "ok") << seed;
        return static_cast<std::size_t>(std::count_if(
            acknowledged.begin(),
            acknowledged.end(),
            [&](std::int64_t sequence) { return stored.count(sequence) != 1; }
        ));
    }

    // Longer than the write-ahead log, which has room of its own once it was copied.
    std::string more_than_fits() const {
        return std::string(std::filesystem::file_size(database().string() + "-wal") + 200'000, 'x');
    }

    test::FaultyVfs vfs{"faulty"};
};

TEST_F(FaultTest, NothingIsAcknowledgedWhileSyncsFailAndAllOfItAfterwards) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    vfs.fail_syncs(true);
    submit(group_of(reading("cnc-01", 2)));
    ASSERT_TRUE(eventually([&] { return vfs.failed_syncs() >= 3; }));
    submit(group_of(reading("cnc-01", 3)));
    EXPECT_EQ(witness.acked().size(), 1U);
    EXPECT_EQ(witness.total().stored, 1U);
    EXPECT_FALSE(writer->health().ready);
    EXPECT_EQ(log.lines(LogLevel::error).size(), 1U) << "once for each episode";
    EXPECT_EQ(history("cnc-01").size(), 1U) << "reads go on, and see only what is stored";
    vfs.fail_syncs(false);
    ASSERT_TRUE(witness.wait_for_acks(3));
    EXPECT_TRUE(eventually([&] { return writer->health().ready; }));
    EXPECT_EQ(witness.total().stored, 3U);
    EXPECT_EQ(witness.total().duplicates, 0U);
    EXPECT_EQ(history("cnc-01").size(), 3U);
    // The failed syncs threw their pages away; what was acknowledged must not depend on them.
    EXPECT_EQ(lost_by_power_cut(3), 0U);
}

TEST_F(FaultTest, GivesUpAtStopWithoutAcknowledging) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    vfs.fail_syncs(true);
    submit(group_of(reading("cnc-01", 2)));
    writer->stop();
    EXPECT_EQ(witness.acked().size(), 1U);
    EXPECT_THAT(log.lines(LogLevel::warn).back(), HasSubstr("none of them was acknowledged"));
    vfs.fail_syncs(false);
}

TEST_F(FaultTest, AFullDiskStopsAcknowledgementsOnlyAndGoesOnByItself) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    vfs.fail_growth(true);
    IngestGroup large = group_of(reading("cnc-01", 2));
    large.readings[0].metrics.push_back({"text", more_than_fits()});
    submit(std::move(large));
    ASSERT_TRUE(eventually([&] { return vfs.failed_writes() >= 2; }));
    EXPECT_EQ(witness.acked().size(), 1U);
    EXPECT_TRUE(eventually([&] { return !writer->health().ready; }));
    EXPECT_THAT(writer->health().detail, HasSubstr("no room"));
    EXPECT_EQ(history("cnc-01").size(), 1U);
    vfs.fail_growth(false);
    ASSERT_TRUE(witness.wait_for_acks(2));
    EXPECT_TRUE(eventually([&] { return writer->health().ready; }));
    EXPECT_EQ(history("cnc-01").size(), 2U);
}

TEST_F(FaultTest, AFullDiskTakesTheReserveAndKeepsOneAgainLater) {
    const auto reserve = database().parent_path() / "modax.reserve";
    writer_options.reserve_bytes = 100'000;
    open();
    ASSERT_EQ(std::filesystem::file_size(reserve), 100'000U);
    vfs.fail_growth(true);
    IngestGroup large = group_of(reading("cnc-01", 1));
    large.readings[0].metrics.push_back({"text", more_than_fits()});
    submit(std::move(large));
    ASSERT_TRUE(eventually([&] { return !std::filesystem::exists(reserve); }));
    vfs.fail_growth(false);
    ASSERT_TRUE(witness.wait_for_acks(1));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(reserve); }));
    EXPECT_THAT(log.lines(LogLevel::warn), Contains(HasSubstr("the reserve was given up")));
}

TEST_F(FaultTest, PowerCutsLoseNothingAcknowledged) {
    open();
    // Small transactions, so that the cuts meet WALs of every kind; metrics, so that they grow.
    std::size_t acknowledged = 0;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        for (int i = 0; i < 40; ++i) {
            const auto sequence = static_cast<std::int64_t>(++acknowledged);
            IngestGroup group = group_of(reading("cnc-01", sequence));
            group.readings[0].metrics.push_back({"text", std::string(seed * 10, 'x')});
            submit(std::move(group));
        }
        // Some are committed at the cut, some are under way, some wait.
        ASSERT_TRUE(witness.wait_for_acks(acknowledged - seed % 40));
        ASSERT_EQ(lost_by_power_cut(seed), 0U) << "seed " << seed;
    }
}

// The same test must be able to fail.
TEST_F(FaultTest, PowerCutsLoseAcknowledgedReadingsWithoutASyncForEachCommit) {
    store_options.sync_every_commit = false;
    open();
    std::size_t lost = 0;
    for (unsigned round = 1; round <= 5; ++round) {
        store_now(group_of(reading("cnc-01", round)));
        lost += lost_by_power_cut(3 * round);
    }
    EXPECT_GT(lost, 0U);
}

TEST_F(FaultTest, ADiskNearlyFullStopsTheSendersUntilThereIsRoom) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    disk.available = 1000;
    clock.advance(std::chrono::seconds{2});
    ASSERT_TRUE(eventually([&] { return writer->full(Lane::acknowledged); }));
    EXPECT_TRUE(writer->full(Lane::fire_and_forget));
    EXPECT_FALSE(writer->health().ready);
    EXPECT_THAT(log.lines(LogLevel::error).back(), HasSubstr("disk is full"));
    EXPECT_EQ(history("cnc-01").size(), 1U);
    disk.available = 1ULL << 40U;
    clock.advance(std::chrono::seconds{2});
    ASSERT_TRUE(eventually([&] { return !writer->full(Lane::acknowledged); }));
    EXPECT_TRUE(writer->health().ready);
    store_now(group_of(reading("cnc-01", 2)));
}

TEST_F(FaultTest, TheDiskIsAlertedBeforeItIsFull) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    const auto used = std::filesystem::file_size(database());
    ASSERT_GT(used, 0U);
    close();
    writer_options.stop_free_bytes = 0;
    // 90 % of the quota: more than the alert's 80, less than the stop's 95.
    writer_options.disk_quota_bytes = std::filesystem::file_size(database()) * 100 / 90;
    open();
    EXPECT_FALSE(writer->full(Lane::acknowledged));
    EXPECT_TRUE(writer->health().ready);
    EXPECT_THAT(log.lines(LogLevel::warn).back(), HasSubstr("fills up"));
}

}  // namespace
}  // namespace modax::landing
