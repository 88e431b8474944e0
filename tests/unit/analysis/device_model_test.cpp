#include "analysis/device_model.hpp"

#include "support/synthetic_readings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

namespace modax::analysis {
namespace {

using std::chrono::seconds;

class DeviceModelTest : public testing::Test {
protected:
    // Seconds [from, to) of a machine at 1 Hz; `value` says what second it shows.
    void run(int from, int to, const std::function<double(int)>& value, bool safe = true) {
        for (int i = from; i < to; ++i) {
            Reading reading = test::reading_at(device_, seconds{i});
            reading.is_safe = safe;
            const double shown = value(i);
            if (!std::isnan(shown)) reading[Quantity::temperature] = shown;
            reading[Quantity::current] = 10 + 0.5 * noise_.normal();
            take(model_.step(reading));
        }
    }
    void take(const DeviceModel::Row& row) {
        if (!row.has_anomaly) {
            last_ = row;
            return;
        }
        if (!last_.has_anomaly) ++alarms_;
        ++rows_of_[row.type];
        last_ = row;
    }
    double usual() { return 50 + noise_.normal(); }

    Device device_{1, "press-1", {}};
    DeviceModel model_{device_, {}};
    test::Noise noise_{7};
    DeviceModel::Row last_;
    std::map<AnomalyType, int> rows_of_;
    int alarms_ = 0;
};

TEST_F(DeviceModelTest, a_healthy_hour_gives_no_alarm) {
    run(0, 3600, [this](int) { return usual(); });
    EXPECT_EQ(alarms_, 0);
    const Analysis said = model_.describe();
    EXPECT_FALSE(said.has_anomaly);
    EXPECT_FALSE(said.learning);
    EXPECT_FALSE(said.anomaly_type);
    EXPECT_FALSE(said.wear.reason.empty());
}

TEST_F(DeviceModelTest, holds_alarms_back_while_it_learns) {
    run(0, 100, [this](int i) { return i == 60 ? 500 : usual(); });
    EXPECT_EQ(alarms_, 0);
    EXPECT_TRUE(model_.describe().learning);
}

TEST_F(DeviceModelTest, finds_a_spike) {
    run(0, 1000, [this](int) { return usual(); });
    run(1000, 1002, [](int) { return 120; });
    EXPECT_TRUE(last_.has_anomaly);
    const Analysis said = model_.describe();
    ASSERT_EQ(said.anomaly_type, AnomalyType::spike);
    EXPECT_GT(said.anomaly_score, 0.8);
    ASSERT_FALSE(said.metrics.empty());
    EXPECT_EQ(said.metrics.front().name, "temperature");
    EXPECT_EQ(said.metrics.front().observed, 120);
    EXPECT_NEAR(said.metrics.front().expected_low, 45, 4);
    EXPECT_NEAR(said.metrics.front().expected_high, 55, 4);
    EXPECT_NE(said.message.find("temperature jumped to 120 °C"), std::string::npos) << said.message;
    ASSERT_FALSE(said.recommendations.empty());
    run(1002, 1060, [this](int) { return usual(); });
    EXPECT_FALSE(last_.has_anomaly);
    EXPECT_EQ(alarms_, 1);
}

TEST_F(DeviceModelTest, a_level_shift_lasts_as_long_as_the_shift) {
    run(0, 1000, [this](int) { return usual(); });
    run(1000, 1400, [this](int) { return usual() + 8; });
    EXPECT_TRUE(last_.has_anomaly);
    EXPECT_EQ(last_.type, AnomalyType::level_shift);
    run(1400, 1500, [this](int) { return usual(); });
    EXPECT_FALSE(last_.has_anomaly);
    EXPECT_EQ(alarms_, 1);
}

TEST_F(DeviceModelTest, a_new_level_is_accepted_in_the_end) {
    run(0, 1000, [this](int) { return usual(); });
    run(1000, 6000, [this](int) { return usual() + 8; });
    EXPECT_FALSE(last_.has_anomaly);
    EXPECT_EQ(alarms_, 1);
}

TEST_F(DeviceModelTest, finds_a_drift) {
    run(0, 2000, [this](int) { return usual(); });
    run(2000, 2600, [this](int i) { return usual() + 0.03 * (i - 2000); });
    EXPECT_TRUE(last_.has_anomaly);
    EXPECT_EQ(last_.type, AnomalyType::drift);
}

TEST_F(DeviceModelTest, finds_a_change_of_variance) {
    run(0, 2000, [this](int) { return usual(); });
    run(2000, 2100, [this](int) { return 50 + 6 * noise_.normal(); });
    EXPECT_GE(alarms_, 1);
    EXPECT_GT(rows_of_[AnomalyType::variance_change], rows_of_[AnomalyType::spike]);
}

TEST_F(DeviceModelTest, finds_a_stuck_sensor) {
    run(0, 1000, [this](int) { return usual(); });
    run(1000, 1020, [](int) { return 50.25; });
    EXPECT_TRUE(last_.has_anomaly);
    EXPECT_EQ(last_.type, AnomalyType::stuck);
    run(1020, 1060, [this](int) { return usual(); });
    EXPECT_FALSE(last_.has_anomaly);
}

TEST_F(DeviceModelTest, a_signal_that_always_repeats_is_not_stuck) {
    run(0, 3000, [](int) { return 42; });
    EXPECT_EQ(alarms_, 0);
}

TEST_F(DeviceModelTest, finds_a_signal_that_stopped) {
    run(0, 1000, [this](int) { return usual(); });
    run(1000, 1010, [](int) { return std::nan(""); });
    EXPECT_TRUE(last_.has_anomaly);
    EXPECT_EQ(last_.type, AnomalyType::dropout);
    EXPECT_TRUE(std::isnan(model_.describe().metrics.front().observed));
}

TEST_F(DeviceModelTest, finds_a_device_that_stopped) {
    run(0, 1000, [this](int) { return usual(); });
    EXPECT_FALSE(model_.tick(test::k_synthetic_start + seconds{1001}).has_anomaly);
    const auto row = model_.tick(test::k_synthetic_start + seconds{1010});
    EXPECT_TRUE(row.has_anomaly);
    EXPECT_TRUE(row.changed);
    EXPECT_EQ(row.type, AnomalyType::dropout);
}

TEST_F(DeviceModelTest, a_reading_from_the_past_changes_nothing) {
    run(0, 1000, [this](int) { return usual(); });
    const std::string before = model_.save();
    Reading late = test::reading_at(device_, seconds{10});
    late[Quantity::temperature] = 500;
    model_.step(late);
    EXPECT_EQ(model_.save(), before);
}

TEST_F(DeviceModelTest, learns_nothing_while_the_machine_is_not_safe) {
    run(0, 1000, [this](int) { return usual(); });
    run(
        1000, 1600, [this](int) { return usual() + 4; }, false
    );
    run(1600, 1700, [this](int) { return usual(); });
    EXPECT_FALSE(last_.has_anomaly);
    run(1700, 1800, [this](int) { return usual() + 8; });
    EXPECT_EQ(last_.type, AnomalyType::level_shift);
}

TEST_F(DeviceModelTest, maintenance_accepts_the_new_level) {
    run(0, 1000, [this](int) { return usual(); });
    run(1000, 1100, [this](int) { return usual() + 8; });
    ASSERT_TRUE(last_.has_anomaly);
    model_.maintained(test::k_synthetic_start + seconds{1100});
    run(1100, 2400, [this](int) { return usual() + 8; });
    EXPECT_FALSE(last_.has_anomaly);
}

// A spindle that turns and stops: what is usual depends on the state, and neither is an anomaly.
class OperatingStateTest : public DeviceModelTest {
protected:
    void cycle(int from, int to, double offset_while_turning = 0) {
        for (int i = from; i < to; ++i) {
            const bool turning = i % 60 < 40;
            Reading reading = test::reading_at(device_, seconds{i});
            reading[Quantity::spindle_speed] = turning ? 4000 + 5 * noise_.normal() : 0;
            reading[Quantity::current] = turning ? 18 + offset_while_turning + 0.3 * noise_.normal()
                                                 : 2 + 0.05 * noise_.normal();
            take(model_.step(reading));
        }
    }
};

TEST_F(OperatingStateTest, a_change_of_state_is_no_anomaly) {
    cycle(0, 7200);
    EXPECT_EQ(alarms_, 0);
}

TEST_F(OperatingStateTest, a_shift_within_a_state_is_found) {
    cycle(0, 3600);
    ASSERT_EQ(alarms_, 0);
    cycle(3600, 3720, 4);
    EXPECT_GE(alarms_, 1);
    const Analysis said = model_.describe();
    ASSERT_FALSE(said.metrics.empty());
    EXPECT_EQ(said.metrics.front().name, "current");
}

TEST_F(OperatingStateTest, standing_still_at_rest_hides_no_stuck_sensor_at_work) {
    const auto run_cycle = [this](int from, int to, bool stuck) {
        for (int i = from; i < to; ++i) {
            const bool turning = i % 60 < 40;
            Reading reading = test::reading_at(device_, seconds{i});
            reading[Quantity::spindle_speed] = turning ? 4000 + 5 * noise_.normal() : 0;
            const double working = stuck ? 18.25 : 18 + 0.3 * noise_.normal();
            reading[Quantity::current] = turning ? working : 2;
            take(model_.step(reading));
        }
    };
    run_cycle(0, 3600, false);
    EXPECT_EQ(rows_of_[AnomalyType::stuck], 0);
    run_cycle(3600, 3640, true);
    EXPECT_GT(rows_of_[AnomalyType::stuck], 0);
}

// A bearing whose vibration rises by 0.01 m/s² a minute, with some limits configured.
Analysis worn(const Device& device, std::vector<WearLimit> limits) {
    DeviceModel model{device, ModelOptions{.wear_limits = std::move(limits)}};
    test::Noise noise{3};
    for (int minute = 0; minute < 600; ++minute) {
        Reading reading = test::reading_at(device, std::chrono::minutes{minute});
        reading[Quantity::vibration] = 1 + 0.01 * minute + 0.02 * noise.normal();
        reading[Quantity::temperature] = 40 + 0.001 * minute + 0.002 * noise.normal();
        model.step(reading);
    }
    return model.describe();
}

TEST(DeviceModelWear, a_limit_is_of_the_devices_its_pattern_names) {
    const Device device{1, "CNC-01", {}};
    const auto said = worn(device, {{"cnc-*", "vibration", 10}});
    EXPECT_EQ(said.wear.metric, "vibration");
    ASSERT_TRUE(said.wear.level) << said.wear.reason;
    EXPECT_NEAR(*said.wear.level, 0.67, 0.05);
    const auto other = worn(device, {{"mill-*", "vibration", 10}});
    EXPECT_TRUE(other.wear.metric.empty());
    EXPECT_FALSE(other.wear.level);
    EXPECT_NE(other.wear.reason.find("analysis.wear_limits"), std::string::npos);
}

TEST(DeviceModelWear, the_last_limit_of_a_metric_counts_and_the_nearest_metric_is_told) {
    const Device device{1, "cnc-01", {}};
    const auto one = worn(device, {{"cnc-*", "vibration", 10}});
    const auto last = worn(device, {{"*", "vibration", 100}, {"cnc-*", "vibration", 10}});
    EXPECT_EQ(last.wear, one.wear);
    const auto nearest = worn(device, {{"*", "vibration", 10}, {"*", "temperature", 400}});
    EXPECT_EQ(nearest.wear, one.wear);
}

TEST(DeviceModel, other_thresholds_find_more_or_less) {
    const auto alarms = [](const Thresholds& thresholds, double jump) {
        const Device device{1, "press-1", {}};
        DeviceModel model{device, ModelOptions{.thresholds = thresholds}};
        test::Noise noise{7};
        int begun = 0;
        bool was = false;
        for (int i = 0; i < 1100; ++i) {
            Reading reading = test::reading_at(device, seconds{i});
            reading[Quantity::temperature] = 50 + noise.normal() + (i >= 1000 ? jump : 0);
            const bool is = model.step(reading).has_anomaly;
            begun += static_cast<int>(is && !was);
            was = is;
        }
        return begun;
    };
    EXPECT_EQ(alarms({}, 8), 1);
    EXPECT_EQ(alarms({.decades = 50, .level = 1000}, 8), 0);
    EXPECT_EQ(alarms({}, 0), 0);
    EXPECT_GE(alarms({.decades = 1, .level = 2}, 0), 1);
}

TEST(DeviceModel, takes_only_so_many_signals) {
    Device device{1, "many", {}};
    DeviceModel model{device, {}};
    for (int second = 0; second < 10; ++second) {
        Reading reading = test::reading_at(device, seconds{second});
        for (int i = 0; i < 200; ++i) reading.metrics.push_back({"m" + std::to_string(i), 1.0 * i});
        model.step(reading);
    }
    EXPECT_EQ(model.signals(), DeviceModel::k_most_signals);
}

TEST(DeviceModel, values_that_are_no_numbers_are_left_out) {
    Device device{1, "odd", {}};
    DeviceModel model{device, {}};
    Reading reading = test::reading_at(device, seconds{0});
    reading.metrics.push_back({"infinite", std::numeric_limits<double>::infinity()});
    reading.metrics.push_back({"flag", true});
    reading.metrics.push_back({"text", std::string{"x"}});
    model.step(reading);
    EXPECT_EQ(model.signals(), 0U);
}

}  // namespace
}  // namespace modax::analysis
