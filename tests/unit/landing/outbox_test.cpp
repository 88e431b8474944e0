// Claims of the outbox: order within an object, what a kill leaves, what a person may do.
#include "support/fake_audit_seal.hpp"
#include "unit/landing/landing_fixture.hpp"

#include <gtest/gtest.h>

namespace modax::landing {
namespace {

class OneConnector final : public EventRouter {
public:
    std::vector<std::string> connectors_for(const BusinessEvent&) const override { return {"sap"}; }
};

class OutboxTest : public LandingTest {
protected:
    void SetUp() override {
        open();
        store->seal_audit_with(seal);
        store->tell_events_to(&router, {});
    }
    void TearDown() override { store->tell_events_to(nullptr, {}); }

    void report(const std::string& id, const std::string& object) {
        BusinessChange change;
        change.record.action = "production.reported";
        const auto done = store->change(change, [&](OperationsTransaction&) -> Status {
            change.events = {{0, id, "production.reported", object, "", clock.now(), "{}"}};
            return {};
        });
        ASSERT_TRUE(done) << done.error().detail;
    }
    // The id of the event that is claimed; empty when nothing is due.
    std::string claim() {
        auto claimed = store->claim("sap", clock.now(), clock.now() + std::chrono::minutes{1});
        if (!claimed || !*claimed) return {};
        last = **claimed;
        return last.event.id;
    }
    Status finish(const std::string& state, Timestamp next = {}) {
        return store->finish(last, {state, last.attempts, next, "request", "answer", "reason"});
    }

    FakeAuditSeal seal;
    OneConnector router;
    Delivery last;
};

TEST_F(OutboxTest, OneObjectsDeliveriesLeaveInOrderAndOthersBesideThem) {
    report("a1", "order:a");
    report("a2", "order:a");
    report("b1", "order:b");
    EXPECT_EQ(claim(), "a1");
    const Delivery first = last;
    EXPECT_EQ(claim(), "b1");
    EXPECT_EQ(claim(), "") << "a2 waits for a1";
    last = first;
    ASSERT_TRUE(finish("dead"));
    EXPECT_EQ(claim(), "") << "a2 would be booked before a1";
    ASSERT_TRUE(store->discard_delivery(first.id, {}));
    EXPECT_EQ(claim(), "a2");
    EXPECT_EQ(last.attempts, 1U);
}

TEST_F(OutboxTest, WhatWasInFlightAtAKillIsInDoubt) {
    report("a1", "order:a");
    EXPECT_EQ(claim(), "a1");
    ASSERT_TRUE(store->release_claims());
    EXPECT_FALSE(finish("delivered")) << "the claim of the earlier run";
    EXPECT_EQ(claim(), "a1");
    EXPECT_EQ(last.state, "in_doubt");
    EXPECT_EQ(last.attempts, 2U);
}

TEST_F(OutboxTest, NothingIsDueBeforeItsTime) {
    report("a1", "order:a");
    EXPECT_EQ(claim(), "a1");
    ASSERT_TRUE(finish("queued", clock.now() + std::chrono::seconds{10}));
    EXPECT_EQ(claim(), "");
    clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(claim(), "a1");
}

TEST_F(OutboxTest, APersonRetriesOnlyWhatIsDeadOrInDoubt) {
    report("a1", "order:a");
    EXPECT_EQ(store->retry_delivery(1, {}).error().code, Errc::already_exists) << "it is queued";
    EXPECT_EQ(claim(), "a1");
    ASSERT_TRUE(finish("in_doubt", k_never));
    EXPECT_EQ(claim(), "");
    const auto rows = store->audit_rows({})->size();
    ASSERT_TRUE(store->retry_delivery(1, {}));
    EXPECT_EQ(store->audit_rows({})->size(), rows + 1);
    EXPECT_EQ(claim(), "a1");
    EXPECT_EQ(last.state, "queued") << "he has looked himself";
}

TEST_F(OutboxTest, FiguresAndListsTellTheSame) {
    for (const auto* id : {"1", "2", "3", "4"}) report(id, std::string{"order:"} + id);
    EXPECT_EQ(claim(), "1");
    ASSERT_TRUE(finish("dead"));
    EXPECT_EQ(claim(), "2");
    ASSERT_TRUE(finish("delivered"));
    EXPECT_EQ(claim(), "3");
    const auto figures = store->outbox_figures("sap");
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->dead, 1U);
    EXPECT_EQ(figures->waiting, 2U) << "queued and in flight";
    EXPECT_EQ(figures->in_doubt, 0U);
    EXPECT_EQ(store->deliveries({})->size(), 4U);
    EXPECT_EQ(store->deliveries({"", "other", 0, 100})->size(), 0U);
    const auto dead = store->deliveries({"dead", "sap", 0, 100});
    ASSERT_EQ(dead->size(), 1U);
    EXPECT_EQ(dead->front().request, "request");
    EXPECT_EQ(dead->front().answer, "answer");
    EXPECT_EQ(store->delivery(99).error().code, Errc::not_found);
}

}  // namespace
}  // namespace modax::landing
