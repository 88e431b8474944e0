#include "landing_fixture.hpp"

#include <gmock/gmock.h>

namespace modax::landing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Lane = GroupWriter::Lane;

class WriterTest : public LandingTest {
protected:
    void SetUp() override { open(); }
};

TEST_F(WriterTest, ReadingSurvivesReopeningWithEveryField) {
    Reading full = reading("press-01", 7);
    full[Quantity::vibration] = 0.25;
    full.is_safe = true;
    full.metrics = {
        {"coolant.level", 81.5},
        {"door", false},
        {"program", std::string{"O\"1\n"}},
        {"big", 1e300},
        {"whole", 12.0}};
    store_now(group_of(full));
    reopen();
    const auto found = history("PRESS-01");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].device->id(), "press-01");
    EXPECT_EQ(found[0].time, full.time);
    EXPECT_EQ(found[0].received, full.received);
    EXPECT_EQ(found[0].sequence, 7);
    EXPECT_EQ(found[0][Quantity::temperature], 27.0);
    EXPECT_EQ(found[0][Quantity::vibration], 0.25);
    EXPECT_FALSE(found[0].has(Quantity::current));
    EXPECT_EQ(found[0].is_safe, true);
    EXPECT_EQ(found[0].metrics, full.metrics);
}

TEST_F(WriterTest, TellsAccountingThenHubThenSenders) {
    store_now(group_of(reading("cnc-01", 1)));
    EXPECT_THAT(witness.steps(), ElementsAre("outcome", "stored", "acks"));
}

TEST_F(WriterTest, DuplicatesAreCountedAndAcknowledgedButNotShown) {
    store_now(group_of(reading("cnc-01", 1)));
    IngestGroup again = group_of(reading("cnc-01", 1));
    again.readings.push_back(reading("cnc-01", 2));
    again.readings.push_back(reading("cnc-01", 2));
    store_now(std::move(again));
    const auto total = witness.total();
    EXPECT_EQ(total.stored, 2U);
    EXPECT_EQ(total.duplicates, 2U);
    ASSERT_EQ(witness.batches().size(), 2U);
    ASSERT_EQ(witness.batches()[1]->events.size(), 1U);
    EXPECT_EQ(witness.batches()[1]->events[0].reading()->sequence, 2);
    EXPECT_EQ(witness.batches()[1]->events[0].stream_sequence(), 2U);
    EXPECT_EQ(history("cnc-01").size(), 2U);
}

TEST_F(WriterTest, SafetyStatusesAreStoredOnceAndKeepTheDeviceSafeOverARestart) {
    SafetyStatus status;
    status.device = device("cnc-01");
    status.time = clock.now();
    status.received = clock.now();
    status.door_closed = true;
    status.temperature_ok = true;
    IngestGroup group;
    group.safety = {status, status};
    store_now(std::move(group));
    EXPECT_EQ(witness.total().stored, 1U);
    EXPECT_EQ(witness.total().duplicates, 1U);
    reopen();
    EXPECT_EQ(device("cnc-01")->last_is_safe(), true);
}

TEST_F(WriterTest, EachSinkGetsItsOwnTokensInOrder) {
    Witness other;
    IngestGroup group;
    group.readings = {reading("cnc-01", 1)};
    group.acks = {token(1), token(2, &other), token(3), token(4, &other)};
    submit(std::move(group));
    ASSERT_TRUE(other.wait_for_acks(2));
    ASSERT_TRUE(witness.wait_for_acks(2));
    const auto ids = [](const std::vector<AckToken>& tokens) {
        std::vector<int> found;
        for (const AckToken& each : tokens) found.push_back(each.packet_id);
        return found;
    };
    EXPECT_THAT(ids(witness.acked()), ElementsAre(1, 3));
    EXPECT_THAT(ids(other.acked()), ElementsAre(2, 4));
}

TEST_F(WriterTest, WhatWaitsIsCommittedTogetherTheAcknowledgedLaneFirst) {
    witness.hold();
    submit(group_of(reading("cnc-01", 1)));
    ASSERT_TRUE(witness.wait_for_acks(1));  // the writer now waits in the acknowledgement
    IngestGroup unacknowledged;
    unacknowledged.readings.push_back(reading("cnc-01", 2));
    ASSERT_TRUE(writer->submit(unacknowledged, Lane::fire_and_forget));
    submit(group_of(reading("cnc-01", 3)));
    submit(group_of(reading("cnc-01", 4)));
    witness.release();
    ASSERT_TRUE(witness.wait_for_acks(3));
    const auto batches = witness.batches();
    ASSERT_EQ(batches.size(), 2U);
    std::vector<std::int64_t> order;
    for (const LiveEvent& event : batches[1]->events) order.push_back(event.reading()->sequence);
    EXPECT_THAT(order, ElementsAre(3, 4, 2));
}

TEST_F(WriterTest, NoTransactionIsLargerThanTold) {
    close();
    writer_options.group_max_readings = 2;
    open();
    witness.hold();
    submit(group_of(reading("cnc-01", 1)));
    ASSERT_TRUE(witness.wait_for_acks(1));
    for (std::int64_t sequence = 2; sequence <= 6; ++sequence) {
        submit(group_of(reading("cnc-01", sequence)));
    }
    witness.release();
    ASSERT_TRUE(witness.wait_for_acks(6));
    std::vector<std::size_t> sizes;
    for (const auto& batch : witness.batches()) sizes.push_back(batch->events.size());
    EXPECT_THAT(sizes, ElementsAre(1, 2, 2, 1));
}

TEST_F(WriterTest, FullLanesStopTheirSendersAndRefuseOnlyFireAndForget) {
    close();
    writer_options.acknowledged_capacity = 2;
    writer_options.fire_and_forget_capacity = 2;
    open();
    witness.hold();
    submit(group_of(reading("cnc-01", 1)));
    ASSERT_TRUE(witness.wait_for_acks(1));
    EXPECT_FALSE(writer->full(Lane::acknowledged));
    for (std::int64_t sequence = 2; sequence <= 5; ++sequence) {
        submit(group_of(reading("cnc-01", sequence)));
    }
    EXPECT_TRUE(writer->full(Lane::acknowledged));
    EXPECT_FALSE(writer->full(Lane::fire_and_forget));
    IngestGroup first;
    first.readings = {reading("cnc-01", 10), reading("cnc-01", 11)};
    EXPECT_TRUE(writer->submit(first, Lane::fire_and_forget));
    EXPECT_TRUE(writer->full(Lane::fire_and_forget));
    IngestGroup second;
    second.readings = {reading("cnc-01", 12)};
    EXPECT_FALSE(writer->submit(second, Lane::fire_and_forget));
    EXPECT_EQ(second.readings.size(), 1U) << "a refused group must be left as it was";
    witness.release();
    ASSERT_TRUE(witness.wait_for_acks(5));
    EXPECT_TRUE(eventually([&] {
        return !writer->full(Lane::acknowledged) && !writer->full(Lane::fire_and_forget);
    }));
    writer->stop();
    EXPECT_EQ(witness.total().stored, 7U);
}

TEST_F(WriterTest, StopCommitsWhatIsQueued) {
    for (std::int64_t sequence = 1; sequence <= 500; ++sequence) {
        submit(group_of(reading("cnc-01", sequence)));
    }
    writer->stop();
    EXPECT_EQ(witness.acked().size(), 500U);
    EXPECT_EQ(history("cnc-01").size(), 500U);
    IngestGroup late = group_of(reading("cnc-01", 501));
    EXPECT_FALSE(writer->submit(late, Lane::acknowledged));
    EXPECT_EQ(late.readings.size(), 1U);
}

TEST_F(WriterTest, AReadingThatSqliteRefusesIsQuarantinedAndTheOthersAreStored) {
    Inspector{database()}.run(
        "CREATE TRIGGER poison BEFORE INSERT ON readings WHEN new.sequence = 13"
        " BEGIN SELECT raise(ABORT, 'thirteen'); END"
    );
    IngestGroup group = group_of(reading("cnc-01", 12));
    group.readings.push_back(reading("cnc-01", 13));
    group.readings.push_back(reading("cnc-01", 14));
    store_now(std::move(group));
    EXPECT_THAT(sequences(history("cnc-01")), ElementsAre(12, 14));
    EXPECT_EQ(witness.total().stored, 2U);
    EXPECT_EQ(witness.total().quarantined, 1U);
    const auto quarantined = store->quarantine(0, 10);
    ASSERT_TRUE(quarantined);
    ASSERT_EQ(quarantined->size(), 1U);
    EXPECT_EQ(quarantined->front().message.reason, "refused_by_store");
    EXPECT_THAT(quarantined->front().message.detail, HasSubstr("thirteen"));
    EXPECT_THAT(quarantined->front().message.payload, HasSubstr("\"seq\":13"));
    EXPECT_TRUE(writer->health().ready);
}

TEST_F(WriterTest, RejectedMessagesAreKeptAsTheyCame) {
    IngestGroup group;
    const std::string payload{"\x00\xff{", 3};
    group.rejected.push_back(
        {clock.now(), "modax/sensor/data/x", payload, 3, "not_json", "no JSON", "client"}
    );
    group.rejected.push_back(
        {clock.now(), "t", std::string(100'000, 'x'), 100'000, "too_large", "", ""}
    );
    store_now(std::move(group));
    EXPECT_EQ(witness.total().quarantined, 2U);
    const auto all = store->quarantine(0, 10);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ((*all)[0].message.payload.size(), 65536U);
    EXPECT_EQ((*all)[0].message.payload_size, 100'000U);
    EXPECT_EQ((*all)[1].message.payload, payload);
    EXPECT_EQ((*all)[1].message.client, "client");
    const auto older = store->quarantine((*all)[0].id, 10);
    ASSERT_TRUE(older);
    ASSERT_EQ(older->size(), 1U);
    EXPECT_EQ((*older)[0].id, (*all)[1].id);
}

TEST_F(WriterTest, TheStreamSequenceGoesOnAfterARestart) {
    store_now(group_of(reading("cnc-01", 1)));
    store_now(group_of(reading("cnc-01", 2)));
    EXPECT_EQ(store->last_stream_sequence(), 2U);
    reopen();
    EXPECT_EQ(store->last_stream_sequence(), 2U);
    store_now(group_of(reading("cnc-01", 3)));
    EXPECT_EQ(witness.batches().back()->events[0].stream_sequence(), 3U);
}

TEST_F(WriterTest, AnAcknowledgedReadingIsSeenByTheNextRead) {
    for (std::int64_t sequence = 1; sequence <= 100; ++sequence) {
        store_now(group_of(reading("cnc-01", sequence)));
        ASSERT_EQ(history("cnc-01").size(), static_cast<std::size_t>(sequence));
    }
}

}  // namespace
}  // namespace modax::landing
