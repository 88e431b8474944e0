#include "analysis/wear.hpp"

#include "support/synthetic_readings.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace modax::analysis {
namespace {

Timestamp minute(int number) {
    return test::k_synthetic_start + std::chrono::minutes{number};
}

TEST(WearModel, says_nothing_of_few_points) {
    WearModel wear;
    for (int i = 0; i < 8; ++i) wear.add(minute(i), 1 + 0.1 * i);
    const auto said = wear.estimate("vibration", 10);
    EXPECT_FALSE(said.level);
    EXPECT_FALSE(said.remaining_hours);
    EXPECT_NE(said.reason.find("points"), std::string::npos) << said.reason;
}

TEST(WearModel, says_nothing_without_a_trend) {
    WearModel wear;
    test::Noise noise{1};
    for (int i = 0; i < 500; ++i) wear.add(minute(i), 5 + noise.normal());
    const auto said = wear.estimate("vibration", 10);
    EXPECT_FALSE(said.remaining_hours);
    EXPECT_NE(said.reason.find("trend"), std::string::npos) << said.reason;
}

TEST(WearModel, finds_the_time_of_a_straight_line) {
    WearModel wear;
    test::Noise noise{2};
    // 1 at the start, 0.01 a minute: 10 after 900 minutes. Seen: 600.
    for (int i = 0; i < 600; ++i) wear.add(minute(i), 1 + 0.01 * i + 0.02 * noise.normal());
    const auto said = wear.estimate("vibration", 10);
    ASSERT_TRUE(said.remaining_hours) << said.reason;
    EXPECT_NEAR(*said.remaining_hours, 5, 0.7);
    EXPECT_NEAR(*said.level, 0.67, 0.05);
    EXPECT_LT(*said.remaining_low, *said.remaining_hours);
    EXPECT_GT(*said.remaining_high, *said.remaining_hours);
    EXPECT_TRUE(said.reason.empty());
}

TEST(WearModel, finds_the_time_of_exponential_growth) {
    WearModel wear;
    test::Noise noise{3};
    // Doubles every 100 minutes: from 1 to 32 in 500 minutes. Seen: 400.
    for (int i = 0; i < 400; ++i) {
        wear.add(minute(i), std::exp2(i / 100.0) * (1 + 0.01 * noise.normal()));
    }
    const auto said = wear.estimate("vibration", 32);
    ASSERT_TRUE(said.remaining_hours) << said.reason;
    EXPECT_NEAR(*said.remaining_hours, 100.0 / 60, 0.4);
}

// Of Wiener processes with known drift, nine in ten must reach the limit within the interval.
TEST(WearModel, the_interval_covers_what_it_says) {
    int covered = 0;
    int said_something = 0;
    constexpr int k_runs = 200;
    for (int run = 0; run < k_runs; ++run) {
        WearModel wear;
        test::Noise noise{static_cast<std::uint64_t>(1000 + run)};
        double level = 1;
        int i = 0;
        for (; i < 300; ++i) {
            level += 0.01 + 0.02 * noise.normal();
            wear.add(minute(i), level);
        }
        const auto said = wear.estimate("wear", 7);
        if (!said.remaining_hours) continue;
        ++said_something;
        const int now = i;
        while (level < 7 && i < 5000) {
            level += 0.01 + 0.02 * noise.normal();
            ++i;
        }
        const double hours = (i - now) / 60.0;
        if (hours >= *said.remaining_low && hours <= *said.remaining_high) ++covered;
    }
    EXPECT_GT(said_something, k_runs * 8 / 10);
    EXPECT_GE(covered, said_something * 85 / 100) << covered << " of " << said_something;
}

TEST(WearModel, is_worn_out_beyond_the_limit) {
    WearModel wear;
    for (int i = 0; i < 60; ++i) wear.add(minute(i), 1 + 0.2 * i);
    const auto said = wear.estimate("vibration", 5);
    ASSERT_TRUE(said.remaining_hours) << said.reason;
    EXPECT_EQ(*said.remaining_hours, 0);
    EXPECT_EQ(*said.level, 1);
}

}  // namespace
}  // namespace modax::analysis
