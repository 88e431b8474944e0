#include "live/latest_states.hpp"

#include "live/hub.hpp"
#include "unit/live/batches.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <string>
#include <thread>

namespace modax::live {
namespace {

using test::at_second;
using test::batch_with;
using test::reading_at;
using test::safety_at;

class LatestState : public testing::Test {
protected:
    void store(Reading reading) { hub_.stored(batch_with(std::move(reading))); }
    void store(SafetyStatus status) { hub_.stored(batch_with(status)); }

    Device press_{1, "press-01", at_second(0)};
    Device mill_{2, "cnc-01", at_second(0)};
    Hub hub_;
};

TEST_F(LatestState, UnknownDeviceHasNone) {
    EXPECT_EQ(hub_.latest_json(press_), nullptr);
    EXPECT_EQ(hub_.latest_safety_json(press_), nullptr);
    EXPECT_EQ(hub_.latest(press_), std::nullopt);
    EXPECT_EQ(hub_.latest_safety(press_), std::nullopt);
    EXPECT_EQ(hub_.last_seen(press_), std::nullopt);
}

TEST_F(LatestState, IsTheReadingAsFlatJson) {
    const Reading reading =
        reading_at(press_, 1, {{Quantity::temperature, 45.2}}, {{"tool", std::string{"T7"}}});
    store(reading);
    std::string expected;
    append_flat_json(expected, reading);
    ASSERT_NE(hub_.latest_json(press_), nullptr);
    EXPECT_EQ(*hub_.latest_json(press_), expected);
    EXPECT_EQ(hub_.last_seen(press_), reading.received);
    EXPECT_EQ(hub_.latest_json(mill_), nullptr) << "another device";
}

TEST_F(LatestState, MergesReadingsOfDifferentQuantities) {
    store(reading_at(press_, 1, {{Quantity::temperature, 45}}, {{"a", 1.0}}));
    store(reading_at(press_, 2, {{Quantity::vibration, 0.8}}, {{"b", true}}));
    const auto latest = hub_.latest(press_);
    ASSERT_TRUE(latest);
    EXPECT_EQ((*latest)[Quantity::temperature], 45);
    EXPECT_EQ((*latest)[Quantity::vibration], 0.8);
    EXPECT_FALSE(latest->has(Quantity::current));
    EXPECT_EQ(latest->time, at_second(2));
    EXPECT_EQ(latest->sequence, 2);
    EXPECT_EQ(latest->metrics, (std::vector<Metric>{{"a", 1.0}, {"b", true}}));
}

TEST_F(LatestState, OlderReadingOnlyFillsIn) {
    store(reading_at(press_, 5, {{Quantity::temperature, 50}}, {{"a", 5.0}}));
    store(reading_at(
        press_, 3, {{Quantity::temperature, 30}, {Quantity::current, 3}}, {{"a", 3.0}, {"b", 3.0}}
    ));
    auto latest = hub_.latest(press_);
    ASSERT_TRUE(latest);
    EXPECT_EQ((*latest)[Quantity::temperature], 50);
    EXPECT_EQ((*latest)[Quantity::current], 3);
    EXPECT_EQ(latest->time, at_second(5));
    EXPECT_EQ(latest->metrics, (std::vector<Metric>{{"a", 5.0}, {"b", 3.0}}));

    // Older than the newest reading, but newer than what is known of the current.
    store(reading_at(press_, 4, {{Quantity::current, 4}}));
    latest = hub_.latest(press_);
    EXPECT_EQ((*latest)[Quantity::current], 4);
    EXPECT_EQ(latest->time, at_second(5));
}

TEST_F(LatestState, OfTwoReadingsAtOneTimeTheLaterWins) {
    store(reading_at(press_, 1, {{Quantity::temperature, 1}}));
    store(reading_at(press_, 1, {{Quantity::temperature, 2}}));
    EXPECT_EQ((*hub_.latest(press_))[Quantity::temperature], 2);
}

TEST_F(LatestState, MetricsMayComeInAnyOrder) {
    store(reading_at(press_, 1, {}, {{"a", 1.0}, {"b", 1.0}, {"c", 1.0}}));
    store(reading_at(press_, 2, {}, {{"c", 2.0}, {"d", 2.0}, {"a", 2.0}}));
    EXPECT_EQ(
        hub_.latest(press_)->metrics,
        (std::vector<Metric>{{"a", 2.0}, {"b", 1.0}, {"c", 2.0}, {"d", 2.0}})
    );
}

TEST_F(LatestState, KeepsABoundedNumberOfMetrics) {
    const int count = static_cast<int>(detail::k_max_kept_metrics) + 10;
    for (int i = 0; i < count; ++i) {
        store(reading_at(press_, i, {}, {{"m" + std::to_string(i), 1.0}}));
    }
    const auto latest = hub_.latest(press_);
    ASSERT_EQ(latest->metrics.size(), detail::k_max_kept_metrics);
    EXPECT_EQ(latest->metrics.front().name, "m10") << "the oldest went first";
    EXPECT_EQ(latest->metrics.back().name, "m" + std::to_string(count - 1));
}

TEST_F(LatestState, JsonIsMadeOnceForEachState) {
    store(reading_at(press_, 1, {{Quantity::temperature, 1}}));
    const auto first = hub_.latest_json(press_);
    EXPECT_EQ(hub_.latest_json(press_), first);
    store(reading_at(mill_, 1, {{Quantity::temperature, 1}}));
    EXPECT_EQ(hub_.latest_json(press_), first) << "another device changes nothing";
    store(reading_at(press_, 2, {{Quantity::temperature, 2}}));
    const auto second = hub_.latest_json(press_);
    EXPECT_NE(second, first);
    EXPECT_NE(*second, *first);
}

TEST_F(LatestState, SafetyStatusShowsInTheReading) {
    Reading reading = reading_at(press_, 5, {{Quantity::temperature, 1}});
    reading.is_safe = true;
    store(reading);
    // The clock of the safety controller is behind; the stop shows all the same.
    store(safety_at(press_, 3, true));
    EXPECT_EQ(hub_.latest(press_)->is_safe, false);
    EXPECT_NE(hub_.latest_json(press_)->find("\"is_safe\":false"), std::string::npos);
    EXPECT_EQ(hub_.latest(press_)->time, at_second(5));
    // A reading that came later knows better.
    reading.time = at_second(6);
    store(reading);
    EXPECT_EQ(hub_.latest(press_)->is_safe, true);
}

TEST_F(LatestState, NewestSafetyStatusStays) {
    store(safety_at(press_, 5, true));
    store(safety_at(press_, 4, false));
    ASSERT_TRUE(hub_.latest_safety(press_));
    EXPECT_EQ(hub_.latest_safety(press_)->time, at_second(5));
    const auto json = hub_.latest_safety_json(press_);
    ASSERT_NE(json, nullptr);
    EXPECT_NE(json->find("\"emergency_stop\":true"), std::string::npos);
    EXPECT_EQ(hub_.latest_json(press_), nullptr) << "a safety status alone is no reading";
    EXPECT_EQ(hub_.last_seen(press_), at_second(5));
    store(safety_at(press_, 6, false));
    EXPECT_NE(hub_.latest_safety_json(press_)->find("\"is_safe\":true"), std::string::npos);
}

TEST_F(LatestState, LastSeenIsTheArrivalNotTheTimestamp) {
    Reading late = reading_at(press_, 1, {{Quantity::temperature, 1}});
    late.received = at_second(100);
    store(late);
    Reading early = reading_at(press_, 50, {{Quantity::temperature, 1}});
    early.received = at_second(60);
    store(early);
    EXPECT_EQ(hub_.last_seen(press_), at_second(100));
}

TEST_F(LatestState, IsRestored) {
    hub_.restore(reading_at(press_, 1, {{Quantity::temperature, 7}}));
    hub_.restore(safety_at(press_, 1, true));
    EXPECT_EQ((*hub_.latest(press_))[Quantity::temperature], 7);
    EXPECT_EQ(hub_.latest(press_)->is_safe, false);
    EXPECT_TRUE(hub_.latest_safety(press_));
    EXPECT_EQ(press_.last_is_safe(), false);
}

TEST_F(LatestState, ManyThreadsMayAsk) {
    std::atomic<bool> stop{false};
    std::atomic<int> damaged{0};
    store(reading_at(press_, 0, {{Quantity::temperature, 0}, {Quantity::current, 0}}));
    const auto ask = [&] {
        while (!stop) {
            const auto latest = hub_.latest(press_);
            const auto json = hub_.latest_json(press_);
            if ((*latest)[Quantity::temperature] != (*latest)[Quantity::current]) ++damaged;
            if (json->front() != '{' || json->back() != '}') ++damaged;
        }
    };
    {
        const std::jthread first{ask};
        const std::jthread second{ask};
        for (int i = 1; i <= 2000; ++i) {
            const double value = i;
            store(
                reading_at(press_, i, {{Quantity::temperature, value}, {Quantity::current, value}})
            );
        }
        stop = true;
    }
    EXPECT_EQ(damaged, 0);
    EXPECT_EQ((*hub_.latest(press_))[Quantity::temperature], 2000);
}

}  // namespace
}  // namespace modax::live
