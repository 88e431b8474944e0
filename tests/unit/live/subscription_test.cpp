#include "live/hub.hpp"
#include "unit/live/batches.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

namespace modax::live {
namespace {

using test::batch_of;
using WhenFull = SubscriptionOptions::WhenFull;

class RecordingMetricSink final : public MetricSink {
public:
    void counter(std::string_view name, std::string_view help, double value, MetricLabels labels)
        override {
        gauge(name, help, value, labels);
    }
    void gauge(std::string_view name, std::string_view, double value, MetricLabels labels)
        override {
        std::string key{name};
        for (const auto& [label, text] : labels) key += " " + std::string{text};
        values[key] = value;
    }
    std::map<std::string, double> values;
};

class HubSubscription : public testing::Test {
protected:
    // Stores `count` new events.
    void store(std::size_t count) {
        hub_.stored(batch_of(device_, next_, count));
        next_ += count;
    }
    static std::vector<std::uint64_t> sequences(const Subscription::Taken& taken) {
        std::vector<std::uint64_t> found;
        for (const auto& batch : taken.batches) {
            for (const auto& event : batch->events) found.push_back(event.stream_sequence());
        }
        return found;
    }
    static std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
        std::vector<std::uint64_t> numbers;
        for (auto i = first; i <= last; ++i) numbers.push_back(i);
        return numbers;
    }

    Device device_{1, "press-01", Timestamp{}};
    Hub hub_;
    std::uint64_t next_ = 1;
};

TEST_F(HubSubscription, GetsEveryBatchFromNowOnInOrder) {
    store(1);
    const auto subscription = hub_.subscribe({.name = "test"});
    EXPECT_TRUE(subscription->take().batches.empty());
    store(3);
    store(2);
    const auto taken = subscription->take();
    EXPECT_EQ(taken.batches.size(), 2U);
    EXPECT_EQ(sequences(taken), range(2, 6));
    EXPECT_EQ(taken.dropped_events, 0U);
    EXPECT_TRUE(subscription->take().batches.empty());
}

TEST_F(HubSubscription, AllShareOneBatch) {
    const auto first = hub_.subscribe({.name = "first"});
    const auto second = hub_.subscribe({.name = "second"});
    store(1);
    EXPECT_EQ(first->take().batches.at(0), second->take().batches.at(0));
}

TEST_F(HubSubscription, EmptyBatchIsNotHandedOut) {
    const auto subscription = hub_.subscribe({.name = "test"});
    store(0);
    EXPECT_TRUE(subscription->take().batches.empty());
}

TEST_F(HubSubscription, NotifiesOnceUntilTaken) {
    int notified = 0;
    const auto subscription = hub_.subscribe({.name = "test", .notify = [&] { ++notified; }});
    store(1);
    store(1);
    EXPECT_EQ(notified, 1);
    EXPECT_EQ(subscription->take().batches.size(), 2U);
    store(1);
    EXPECT_EQ(notified, 2);
}

TEST_F(HubSubscription, LatestStateIsThereWhenNotified) {
    bool known = false;
    const auto subscription = hub_.subscribe({.name = "test", .notify = [&] {
                                                  known = hub_.latest_json(device_) != nullptr;
                                              }});
    store(1);
    EXPECT_TRUE(known);
}

TEST_F(HubSubscription, MayTakeWhileNotified) {
    std::vector<std::uint64_t> seen;
    std::unique_ptr<Subscription> subscription;
    subscription =
        hub_.subscribe({.name = "test", .notify = [&] { seen = sequences(subscription->take()); }});
    store(2);
    EXPECT_EQ(seen, range(1, 2));
}

TEST_F(HubSubscription, DropsTheOldestWhenFull) {
    const auto subscription = hub_.subscribe({.name = "test", .max_events = 10});
    for (int i = 0; i < 7; ++i) store(3);  // 21 events
    const auto taken = subscription->take();
    EXPECT_EQ(sequences(taken), range(13, 21));
    EXPECT_EQ(taken.dropped_events, 12U);
    EXPECT_EQ(subscription->take().dropped_events, 0U);
}

TEST_F(HubSubscription, DropsTheNewestWhenToldTo) {
    const auto subscription =
        hub_.subscribe({.name = "test", .max_events = 10, .when_full = WhenFull::drop_newest});
    for (int i = 0; i < 7; ++i) store(3);
    const auto taken = subscription->take();
    EXPECT_EQ(sequences(taken), range(1, 9));
    EXPECT_EQ(taken.dropped_events, 12U);
}

TEST_F(HubSubscription, OneBatchIsTakenHoweverLarge) {
    for (const auto policy : {WhenFull::drop_oldest, WhenFull::drop_newest}) {
        const auto subscription =
            hub_.subscribe({.name = "test", .max_events = 10, .when_full = policy});
        store(50);
        const auto taken = subscription->take();
        EXPECT_EQ(sequences(taken).size(), 50U);
        EXPECT_EQ(taken.dropped_events, 0U);
    }
}

TEST_F(HubSubscription, SlowOneDoesNotHinderAnother) {
    const auto slow = hub_.subscribe({.name = "slow", .max_events = 5});
    const auto quick = hub_.subscribe({.name = "quick"});
    for (int i = 0; i < 100; ++i) store(1);
    EXPECT_EQ(sequences(quick->take()), range(1, 100));
    EXPECT_EQ(sequences(slow->take()), range(96, 100));
}

TEST_F(HubSubscription, FiguresAreShown) {
    auto first = hub_.subscribe({.name = "websocket", .max_events = 2});
    const auto second = hub_.subscribe({.name = "websocket", .max_events = 100});
    store(2);
    store(2);
    RecordingMetricSink metrics;
    hub_.collect(metrics);
    EXPECT_EQ(metrics.values["modax_live_devices"], 1);
    EXPECT_EQ(metrics.values["modax_live_subscriptions websocket"], 2);
    EXPECT_EQ(metrics.values["modax_live_queued_events websocket"], 6);
    EXPECT_EQ(metrics.values["modax_live_dropped_events_total websocket"], 2);

    first.reset();
    metrics.values.clear();
    hub_.collect(metrics);
    EXPECT_EQ(metrics.values["modax_live_subscriptions websocket"], 1);
    EXPECT_EQ(metrics.values["modax_live_queued_events websocket"], 4);
    EXPECT_EQ(metrics.values["modax_live_dropped_events_total websocket"], 2)
        << "a counter never falls";
}

TEST_F(HubSubscription, MayOutliveTheHub) {
    auto hub = std::make_unique<Hub>();
    const auto subscription = hub->subscribe({.name = "test"});
    hub->stored(batch_of(device_, 1, 1));
    hub.reset();
    EXPECT_EQ(sequences(subscription->take()), range(1, 1));
}

TEST_F(HubSubscription, DestructorWaitsForARunningNotify) {
    std::binary_semaphore entered{0};
    std::binary_semaphore leave{0};
    std::atomic<bool> notify_left{false};
    std::atomic<bool> left_before_destroyed{false};
    auto subscription = hub_.subscribe({.name = "test", .notify = [&] {
                                            entered.release();
                                            leave.acquire();
                                            notify_left = true;
                                        }});
    {
        const std::jthread writer{[&] { store(1); }};
        entered.acquire();
        const std::jthread destroyer{[&] {
            subscription.reset();
            left_before_destroyed = notify_left.load();
        }};
        leave.release();
    }
    EXPECT_TRUE(left_before_destroyed);
}

TEST_F(HubSubscription, ComesAndGoesWhileEventsAreStored) {
    std::atomic<bool> stop{false};
    const auto always = hub_.subscribe({.name = "always", .max_events = 1'000'000});
    {
        const std::jthread visitor{[&] {
            while (!stop) {
                // Freed right after the guest left: a sanitizer would see a notify that comes late.
                const auto told = std::make_unique<std::atomic<int>>(0);
                const auto guest =
                    hub_.subscribe({.name = "guest", .notify = [&count = *told] { ++count; }});
                guest->take();
            }
        }};
        for (int i = 0; i < 5000; ++i) store(1);
        stop = true;
    }
    EXPECT_EQ(sequences(always->take()), range(1, 5000));
}

}  // namespace
}  // namespace modax::live
