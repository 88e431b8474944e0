#include "analysis/alarm.hpp"

#include "support/synthetic_readings.hpp"

#include <gtest/gtest.h>

namespace modax::analysis {
namespace {

using std::chrono::seconds;

Timestamp at(int second) {
    return test::k_synthetic_start + seconds{second};
}

TEST(Alarm, waits_for_the_on_delay) {
    Alarm alarm{{.on_delay = seconds{5}}};
    EXPECT_FALSE(alarm.step(at(0), true, 4));
    EXPECT_FALSE(alarm.step(at(4), true, 4));
    EXPECT_TRUE(alarm.step(at(5), true, 4));
    EXPECT_TRUE(alarm.active());
    EXPECT_EQ(alarm.event(), 1U);
}

TEST(Alarm, a_condition_shorter_than_the_on_delay_is_none) {
    Alarm alarm{{.on_delay = seconds{5}, .off_delay = seconds{1}}};
    alarm.step(at(0), true, 4);
    alarm.step(at(3), false, 0);
    alarm.step(at(5), false, 0);
    alarm.step(at(6), true, 4);
    EXPECT_FALSE(alarm.active());
}

TEST(Alarm, goes_after_the_off_delay) {
    Alarm alarm{{.off_delay = seconds{10}}};
    EXPECT_TRUE(alarm.step(at(0), true, 4));
    EXPECT_FALSE(alarm.step(at(9), false, 0));
    EXPECT_TRUE(alarm.active());
    EXPECT_TRUE(alarm.step(at(10), false, 0));
    EXPECT_FALSE(alarm.active());
    EXPECT_EQ(alarm.event(), 0U);
}

TEST(Alarm, chatter_within_the_off_delay_is_one_alarm) {
    Alarm alarm{{.off_delay = seconds{10}}};
    for (int second = 0; second < 60; ++second) alarm.step(at(second), second % 5 == 0, 4);
    EXPECT_TRUE(alarm.active());
    EXPECT_EQ(alarm.event(), 1U);
    EXPECT_EQ(alarm.since(), at(0));
}

TEST(Alarm, latches_until_acknowledged) {
    Alarm alarm{{.off_delay = seconds{1}, .latch = true}};
    alarm.step(at(0), true, 4);
    alarm.step(at(1), false, 0);
    alarm.step(at(100), false, 0);
    EXPECT_TRUE(alarm.active());
    EXPECT_TRUE(alarm.acknowledge(at(101)));
    EXPECT_FALSE(alarm.active());
    EXPECT_FALSE(alarm.acknowledge(at(102)));
}

TEST(Alarm, an_acknowledged_alarm_stays_while_its_condition_does) {
    Alarm alarm{{.off_delay = seconds{1}, .latch = true}};
    alarm.step(at(0), true, 4);
    alarm.acknowledge(at(1));
    EXPECT_TRUE(alarm.active());
    EXPECT_TRUE(alarm.acknowledged());
    alarm.step(at(2), false, 0);
    alarm.step(at(4), false, 0);
    EXPECT_FALSE(alarm.active());
}

TEST(Alarm, a_flood_is_shelved_and_counted) {
    Alarm alarm{{.off_delay = seconds{1}, .most_per_hour = 3}};
    int raised = 0;
    for (int second = 0; second < 600; second += 60) {
        if (alarm.step(at(second), true, 4)) ++raised;
        alarm.step(at(second + 1), false, 0);
        alarm.step(at(second + 5), false, 0);
    }
    EXPECT_EQ(raised, 3);
    EXPECT_EQ(alarm.shelved(), 7U);
    EXPECT_FALSE(alarm.active());
}

TEST(Alarm, ten_times_stronger_breaks_through_a_flood) {
    Alarm alarm{{.off_delay = seconds{1}, .most_per_hour = 1}};
    alarm.step(at(0), true, 4);
    alarm.step(at(1), false, 0);
    alarm.step(at(5), false, 0);
    EXPECT_FALSE(alarm.step(at(60), true, 4.5));
    alarm.step(at(61), false, 0);
    alarm.step(at(65), false, 0);
    EXPECT_TRUE(alarm.step(at(120), true, 5));
}

TEST(Alarm, the_flood_is_over_after_an_hour) {
    Alarm alarm{{.off_delay = seconds{1}, .most_per_hour = 1}};
    alarm.step(at(0), true, 4);
    alarm.step(at(1), false, 0);
    alarm.step(at(5), false, 0);
    EXPECT_TRUE(alarm.step(at(3602), true, 4));
}

}  // namespace
}  // namespace modax::analysis
