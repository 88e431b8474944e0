#include "analysis/correlation_model.hpp"

#include "support/synthetic_readings.hpp"

#include <gtest/gtest.h>

#include <array>

namespace modax::analysis {
namespace {

// Four signals of one cause, the last of which may go its own way.
std::array<double, 4> values(test::Noise& noise, bool broken) {
    const double cause = noise.normal();
    return {
        cause + 0.1 * noise.normal(),
        2 * cause + 0.2 * noise.normal(),
        -cause + 0.1 * noise.normal(),
        broken ? noise.normal() : cause + 0.1 * noise.normal()};
}

TEST(CorrelationModel, is_quiet_on_what_moves_together) {
    CorrelationModel model;
    test::Noise noise{1};
    int alarms = 0;
    for (int i = 0; i < 20'000; ++i) {
        model.step(values(noise, false), true);
        if (model.warm() && model.alarm()) ++alarms;
    }
    EXPECT_TRUE(model.warm());
    EXPECT_EQ(alarms, 0);
}

TEST(CorrelationModel, finds_the_signal_that_goes_its_own_way) {
    CorrelationModel model;
    test::Noise noise{2};
    for (int i = 0; i < 3'000; ++i) model.step(values(noise, false), true);
    ASSERT_FALSE(model.alarm());
    int delay = 0;
    while (!model.alarm() && delay < 100) {
        model.step(values(noise, true), true);
        ++delay;
    }
    EXPECT_LT(delay, 60);
    EXPECT_EQ(model.worst(), 3U);
    EXPECT_GT(model.distance(), 1);
}

TEST(CorrelationModel, a_further_signal_starts_it_anew) {
    CorrelationModel model;
    test::Noise noise{3};
    for (int i = 0; i < 3'000; ++i) model.step(values(noise, false), true);
    EXPECT_TRUE(model.warm());
    const std::array<double, 5> more{1, 2, 3, 4, 5};
    model.step(more, true);
    EXPECT_FALSE(model.warm());
}

TEST(CorrelationModel, constant_signals_are_no_trouble) {
    CorrelationModel model;
    const std::array<double, 3> same{1, 0, 5};
    for (int i = 0; i < 3'000; ++i) model.step(same, true);
    EXPECT_FALSE(model.alarm());
}

}  // namespace
}  // namespace modax::analysis
