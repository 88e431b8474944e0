// What holds for every stream of readings: the engine is causal, deterministic, and goes on bit for
// bit from a kept state. The streams come from the simulator, with faults, by seed.
#include "analysis/device_model.hpp"
#include "support/synthetic_readings.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>

namespace modax::analysis {
namespace {

using std::chrono::seconds;

std::vector<Reading> stream(const Device& device, std::uint64_t seed, int length) {
    test::Noise noise{seed};
    std::vector<simulation::Fault> faults;
    const auto names = simulation::CncMachine::metric_names();
    for (int i = 0; i < 3; ++i) {
        const auto kind = static_cast<simulation::Fault::Kind>(i % 3);
        faults.push_back(
            {.kind = kind,
             .metric = std::string{names[static_cast<std::size_t>(noise.uniform() * 6)]},
             .start = seconds{static_cast<int>(noise.uniform() * length)},
             .duration = seconds{60},
             .magnitude = 2}
        );
    }
    simulation::CncMachine machine{seed, std::move(faults)};
    std::vector<Reading> readings;
    for (int i = 0; i < length; ++i) {
        if (auto sample = machine.next(seconds{1})) {
            readings.push_back(test::reading_of(device, *sample));
        }
    }
    return readings;
}

struct Seen {
    std::uint64_t score = 0;
    bool has_anomaly = false;
    AnomalyType type{};
    std::uint64_t confidence = 0;
    bool operator==(const Seen&) const = default;
};

Seen seen(const DeviceModel::Row& row) {
    return {
        std::bit_cast<std::uint64_t>(row.score),
        row.has_anomaly,
        row.type,
        std::bit_cast<std::uint64_t>(row.confidence)};
}

class EveryStream : public testing::TestWithParam<std::uint64_t> {
protected:
    const Device device_{1, "cnc-01", {}};
};

TEST_P(EveryStream, gives_the_same_rows_twice_and_a_prefix_gives_a_prefix) {
    const auto readings = stream(device_, GetParam(), 1500);
    DeviceModel whole{device_, {}};
    std::vector<Seen> rows;
    for (const Reading& reading : readings) rows.push_back(seen(whole.step(reading)));
    DeviceModel prefix{device_, {}};
    const std::size_t cut = readings.size() / 3 + GetParam() * 37;
    for (std::size_t i = 0; i < cut; ++i) ASSERT_EQ(seen(prefix.step(readings[i])), rows[i]) << i;
}

TEST_P(EveryStream, goes_on_from_a_kept_state_to_the_bit) {
    const auto readings = stream(device_, GetParam(), 1500);
    DeviceModel steady{device_, {}};
    auto restarted = std::make_unique<DeviceModel>(device_, ModelOptions{});
    for (std::size_t i = 0; i < readings.size(); ++i) {
        if (i % 101 == GetParam() % 101) {
            const std::string state = restarted->save();
            restarted = std::make_unique<DeviceModel>(device_, ModelOptions{});
            ASSERT_TRUE(restarted->restore(state)) << i;
            ASSERT_EQ(restarted->save(), state) << i;
        }
        ASSERT_EQ(seen(restarted->step(readings[i])), seen(steady.step(readings[i]))) << i;
    }
    EXPECT_EQ(restarted->save(), steady.save());
    const Analysis one = steady.describe();
    const Analysis other = restarted->describe();
    EXPECT_EQ(one.message, other.message);
    EXPECT_EQ(one.metrics.size(), other.metrics.size());
}

TEST_P(EveryStream, keeps_scores_between_0_and_1) {
    DeviceModel model{device_, {}};
    for (const Reading& reading : stream(device_, GetParam(), 1500)) {
        const auto row = model.step(reading);
        ASSERT_GE(row.score, 0);
        ASSERT_LE(row.score, 1);
        ASSERT_GE(row.confidence, 0);
        ASSERT_LE(row.confidence, 1);
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, EveryStream, testing::Values(1, 2, 3, 4, 5, 6));

TEST(KeptState, damaged_bytes_are_refused_or_harmless) {
    const Device device{1, "cnc-01", {}};
    const auto readings = stream(device, 9, 400);
    DeviceModel model{device, {}};
    for (const Reading& reading : readings) model.step(reading);
    const std::string state = model.save();
    for (std::size_t size = 0; size < state.size(); size += 97) {
        DeviceModel other{device, {}};
        EXPECT_FALSE(other.restore(std::string_view{state}.substr(0, size))) << size;
        EXPECT_EQ(other.readings(), 0U);
    }
    EXPECT_FALSE(model.restore("another version"));
    EXPECT_EQ(model.save(), state);
}

TEST(KeptState, of_another_version_is_refused_with_both_names) {
    const Device device{1, "cnc-01", {}};
    DeviceModel model{device, {}};
    std::string state = model.save();
    state[4 + 6] = '9';  // behind the length: "modax-2"
    const auto restored = model.restore(state);
    ASSERT_FALSE(restored);
    EXPECT_NE(restored.error().detail.find("modax-9"), std::string::npos);
}

}  // namespace
}  // namespace modax::analysis
