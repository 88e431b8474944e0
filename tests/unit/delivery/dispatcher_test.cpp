// What happens to a delivery after each kind of call; above all, that nothing is sent twice
// unasked.
#include "delivery/dispatcher.hpp"

#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace modax::delivery {
namespace {

using namespace std::chrono_literals;

class OneRow final : public OutboxStore {
public:
    Delivery row;
    bool there = true;

    Status release_claims() override { return {}; }
    Result<std::optional<Delivery>> claim(std::string_view, Timestamp now, Timestamp until)
        override {
        if (!there || row.next_attempt > now) return std::nullopt;
        if (row.state != "queued" && row.state != "in_doubt") return std::nullopt;
        Delivery claimed = row;
        claimed.lease = to_micros(until);
        ++claimed.attempts;
        row.state = "in_flight";
        return claimed;
    }
    Status finish(const Delivery&, const DeliveryResult& result) override {
        row.state = result.state;
        row.attempts = result.attempts;
        row.next_attempt = result.next_attempt;
        row.reason = result.reason;
        return {};
    }
    Result<OutboxFigures> outbox_figures(std::string_view) const override {
        return OutboxFigures{};
    }
    Result<std::vector<Delivery>> deliveries(const OutboxQuery&) const override {
        return std::vector<Delivery>{};
    }
    Result<Delivery> delivery(std::uint64_t) const override { return row; }
    Status retry_delivery(std::uint64_t, const AuditEntry&) override { return {}; }
    Status discard_delivery(std::uint64_t, const AuditEntry&) override { return {}; }
};

class Peer final : public DeliveryChannel {
public:
    std::deque<CallOutcome> answers;
    std::deque<CallOutcome> lookups;
    bool repeats = false;
    bool looks_up = true;
    int sent = 0;
    int looked = 0;

    CallResult send(const Delivery&) override {
        ++sent;
        return next(answers);
    }
    bool repeatable() const override { return repeats; }
    bool can_look_up() const override { return looks_up; }
    CallResult look_up(const Delivery&) override {
        ++looked;
        return next(lookups);
    }
    void interrupt() noexcept override {}

private:
    static CallResult next(std::deque<CallOutcome>& from) {
        CallResult result;
        result.outcome = from.front();
        result.reason = "told so";
        from.pop_front();
        return result;
    }
};

class DispatcherTest : public testing::Test {
protected:
    DispatcherTest() {
        outbox.row.id = 1;
        outbox.row.state = "queued";
        outbox.row.created = clock.now();
    }
    // As the thread does it, with the clock moved on to the next attempt.
    void step() {
        clock.advance(61s);
        if (outbox.row.next_attempt != k_never && outbox.row.next_attempt > clock.now()) {
            clock.advance(outbox.row.next_attempt - clock.now());
        }
        (void)dispatcher.step();
    }

    test::ManualClock clock;
    SystemRandom random;
    test::RecordingLog log;
    OneRow outbox;
    Peer peer;
    Dispatcher dispatcher{{"sap", {1s, 60s, 5, 1h}, 50}, outbox, peer, clock, random, log};
};

TEST_F(DispatcherTest, DeliversOnce) {
    peer.answers = {CallOutcome::delivered};
    step();
    step();
    EXPECT_EQ(outbox.row.state, "delivered");
    EXPECT_EQ(peer.sent, 1);
}

TEST_F(DispatcherTest, ADoubtIsLookedUpBeforeAnythingIsSentAgain) {
    peer.answers = {CallOutcome::ambiguous};
    peer.lookups = {CallOutcome::delivered};
    step();
    EXPECT_EQ(outbox.row.state, "in_doubt");
    step();
    EXPECT_EQ(outbox.row.state, "delivered");
    EXPECT_EQ(peer.sent, 1) << "it was there";
}

TEST_F(DispatcherTest, WhatIsNotThereIsSentAgain) {
    peer.answers = {CallOutcome::ambiguous, CallOutcome::delivered};
    peer.lookups = {CallOutcome::permanent};
    step();
    step();
    EXPECT_EQ(outbox.row.state, "delivered");
    EXPECT_EQ(peer.sent, 2);
    EXPECT_EQ(peer.looked, 1);
}

TEST_F(DispatcherTest, ALookupThatFailsLeavesTheDoubt) {
    peer.answers = {CallOutcome::ambiguous};
    peer.lookups = {CallOutcome::transient, CallOutcome::ambiguous, CallOutcome::configuration};
    for (int i = 0; i < 4; ++i) {
        step();
        EXPECT_EQ(outbox.row.state, "in_doubt");
    }
    EXPECT_EQ(peer.sent, 1);
}

TEST_F(DispatcherTest, WithoutLookupADoubtIsForAPerson) {
    peer.looks_up = false;
    peer.answers = {CallOutcome::ambiguous};
    for (int i = 0; i < 5; ++i) step();
    EXPECT_EQ(outbox.row.state, "in_doubt");
    EXPECT_EQ(outbox.row.next_attempt, k_never);
    EXPECT_EQ(peer.sent, 1);
}

TEST_F(DispatcherTest, APeerThatHonoursTheKeyIsSimplyAskedAgain) {
    peer.repeats = true;
    peer.answers = {CallOutcome::ambiguous, CallOutcome::delivered};
    step();
    step();
    EXPECT_EQ(outbox.row.state, "delivered");
    EXPECT_EQ(peer.looked, 0);
}

TEST_F(DispatcherTest, ADoubtIsNeverDead) {
    peer.answers = {CallOutcome::ambiguous};
    peer.lookups = std::deque<CallOutcome>(10, CallOutcome::transient);
    for (int i = 0; i < 9; ++i) step();
    EXPECT_EQ(outbox.row.state, "in_doubt");
    EXPECT_EQ(outbox.row.next_attempt, k_never) << "given up, so a person decides";
}

TEST_F(DispatcherTest, ARefusalIsDeadAtOnceAndTransientOnesInTheEnd) {
    peer.answers = {CallOutcome::permanent};
    step();
    EXPECT_EQ(outbox.row.state, "dead");
    EXPECT_EQ(outbox.row.reason, "told so");

    outbox.row.state = "queued";
    outbox.row.attempts = 0;
    peer.answers = std::deque<CallOutcome>(5, CallOutcome::transient);
    for (int i = 0; i < 4; ++i) {
        step();
        EXPECT_EQ(outbox.row.state, "queued");
    }
    step();
    EXPECT_EQ(outbox.row.state, "dead");
}

TEST_F(DispatcherTest, AnErrorOfTheConfigurationCostsNoAttempts) {
    peer.answers = std::deque<CallOutcome>(20, CallOutcome::configuration);
    for (int i = 0; i < 20; ++i) step();
    EXPECT_EQ(outbox.row.state, "queued");
    EXPECT_EQ(outbox.row.attempts, 0U);
    EXPECT_TRUE(dispatcher.circuit_open());
    (void)dispatcher.step();
    EXPECT_EQ(peer.sent, 20) << "the circuit is open: nothing is sent";
}

}  // namespace
}  // namespace modax::delivery
