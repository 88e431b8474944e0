#include "landing/spool.hpp"

#include "landing_fixture.hpp"
#include "support/fake_audit_seal.hpp"

namespace modax::landing {
namespace {

class SpoolTest : public LandingTest {
protected:
    std::unique_ptr<Spool> attach(std::string_view target = "postgresql://one") {
        auto attached = Spool::attach(*store, target);
        EXPECT_TRUE(attached) << attached.error().detail;
        return std::move(*attached);
    }
    void store_readings(std::int64_t from, std::int64_t count) {
        IngestGroup group;
        for (std::int64_t i = from; i < from + count; ++i) {
            group.readings.push_back(reading_at("cnc-01", i, start + std::chrono::milliseconds{i}));
        }
        store_now(std::move(group));
    }
    // Sequences of everything that waits, noted as forwarded.
    std::vector<std::int64_t> drain(Spool& spool, std::size_t limit) {
        std::vector<std::int64_t> found;
        auto position = spool.position();
        for (;;) {
            auto rows = spool.next(position, limit);
            EXPECT_TRUE(rows) << rows.error().detail;
            if (!rows || rows->end == position) return found;
            EXPECT_LE(rows->batch.rows(), 2 * limit);
            for (const Reading& reading : rows->batch.readings) found.push_back(reading.sequence);
            EXPECT_TRUE(spool.forwarded(rows->end, {}));
            position = rows->end;
        }
    }
    static std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t count) {
        std::vector<std::int64_t> all;
        for (std::int64_t i = from; i < from + count; ++i) all.push_back(i);
        return all;
    }
    std::size_t kept() { return history("cnc-01", limited(100'000)).size(); }
    const Timestamp start = from_micros(1'700'000'000'000'000 / 3'600'000'000 * 3'600'000'000);
};

TEST_F(SpoolTest, GivesWhatCameInOrderAndGoesOnAfterARestart) {
    open();
    auto spool = attach();
    const std::string gateway = spool->gateway();
    EXPECT_EQ(gateway.size(), 16U);
    EXPECT_TRUE(drain(*spool, 100).empty());
    store_readings(0, 1000);
    EXPECT_EQ(drain(*spool, 300), numbers(0, 1000));
    store_readings(1000, 500);
    spool.reset();
    close();
    open();
    spool = attach();
    EXPECT_EQ(spool->gateway(), gateway);
    EXPECT_EQ(drain(*spool, 300), numbers(1000, 500));
}

TEST_F(SpoolTest, WhatIsNotNotedComesAgain) {
    open();
    auto spool = attach();
    drain(*spool, 100);
    store_readings(0, 10);
    const auto rows = spool->next(spool->position(), 100);
    ASSERT_TRUE(rows);
    spool.reset();
    spool = attach();
    EXPECT_EQ(drain(*spool, 100), numbers(0, 10));
}

TEST_F(SpoolTest, ANewTargetGetsEverythingThatIsThere) {
    open();
    store_readings(0, 700);
    SafetyStatus status;
    status.device = device("cnc-01");
    status.time = start;
    IngestGroup group;
    group.safety.push_back(status);
    store_now(std::move(group));
    auto spool = attach();
    EXPECT_EQ(drain(*spool, 200), numbers(0, 700));
    EXPECT_EQ(drain(*spool, 200).size(), 0U);
    spool = attach("postgresql://two");
    EXPECT_EQ(drain(*spool, 1000), numbers(0, 700));
    // After a time without a plant store, too.
    ASSERT_TRUE(Spool::detach(*store));
    spool = attach("postgresql://two");
    EXPECT_EQ(drain(*spool, 1000), numbers(0, 700));
}

TEST_F(SpoolTest, RetentionWaitsForThePlantStoreWhateverAgeAndSize) {
    writer_options.retention_age = std::chrono::hours{1};
    writer_options.retention_bytes = 1;
    writer_options.replay_window = std::chrono::seconds{1};
    open();
    auto spool = attach();
    drain(*spool, 100);
    store_readings(0, 100);
    clock.step_wall_clock(start + std::chrono::hours{100} - clock.now());
    const auto look = [&] {
        // A group after the look shows that it is over.
        clock.advance(std::chrono::seconds{6});
        IngestGroup group;
        group.readings.push_back(
            reading_at("other", clock.now().time_since_epoch().count(), clock.now())
        );
        store_now(std::move(group));
    };
    for (int i = 0; i < 5; ++i) look();
    EXPECT_EQ(kept(), 100U);
    EXPECT_GE(drain(*spool, 1000).size(), 100U);
    clock.advance(std::chrono::seconds{6});
    EXPECT_TRUE(eventually([&] { return kept() == 0; }));
}

TEST_F(SpoolTest, RefusedRowsAreInTheQuarantine) {
    open();
    auto spool = attach();
    drain(*spool, 100);
    RejectedMessage message;
    message.payload = "{}";
    message.reason = "refused_by_plant_store";
    message.detail = "why";
    ASSERT_TRUE(spool->forwarded(spool->position(), {&message, 1}));
    const auto found = store->quarantine(0, 10);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ((*found)[0].message.detail, "why");
}

TEST_F(SpoolTest, ChangesOfTheBusinessComeOnceInTheirPresentState) {
    open();
    const FakeAuditSeal seal;
    store->seal_audit_with(seal);
    auto spool = attach();
    drain(*spool, 100);
    const auto change = [&](const std::function<Status(OperationsTransaction&)>& rules) {
        BusinessChange made;
        made.record.time = start;
        const auto done = store->change(made, rules);
        EXPECT_TRUE(done) << done.error().detail;
    };
    ProductionOrder order;
    order.id = "1000815";
    order.changed = start;
    change([&](OperationsTransaction& rows) { return rows.put(order); });
    order.state = "completed";
    change([&](OperationsTransaction& rows) { return rows.put(order); });
    InspectionReport inspection;
    inspection.id = "e2";
    inspection.lot_id = "4711";
    inspection.results = {{"diameter", 10.0}};
    change([&](OperationsTransaction& rows) { return rows.add(inspection); });
    EquipmentStatus status;
    status.id = "e3";
    status.device_id = "cnc-01";
    status.status = "down";
    status.start = start;
    change([&](OperationsTransaction& rows) { return rows.add(status); });
    change([&](OperationsTransaction& rows) { return rows.end_status("e3", start); });
    const auto rows = spool->next(spool->position(), 100);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->batch.orders.size(), 1U);
    EXPECT_EQ(rows->batch.orders[0].state, "completed");
    ASSERT_EQ(rows->batch.inspections.size(), 1U);
    EXPECT_EQ(rows->batch.inspections[0].results.size(), 1U);
    ASSERT_EQ(rows->batch.statuses.size(), 1U);
    EXPECT_TRUE(rows->batch.statuses[0].end);
    ASSERT_TRUE(spool->forwarded(rows->end, {}));
    const auto later = spool->next(rows->end, 100);
    ASSERT_TRUE(later);
    EXPECT_TRUE(later->batch.empty());
}

}  // namespace
}  // namespace modax::landing
