#include "analysis/tail_model.hpp"

#include "support/synthetic_readings.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace modax::analysis {
namespace {

TEST(TailModel, knows_nothing_at_first) {
    TailModel tail;
    for (int i = 0; i < 29; ++i) tail.learn(1, 1);
    EXPECT_EQ(tail.surprise(1000), 0);
}

TEST(TailModel, finds_the_quantile_of_noise) {
    TailModel tail;
    test::Noise noise{1};
    for (int i = 0; i < 20'000; ++i) tail.learn(std::abs(noise.normal()), 1);
    EXPECT_NEAR(tail.quantile(), 2.33, 0.35);  // two-sided 2 %
}

TEST(TailModel, says_the_same_of_scaled_noise) {
    TailModel small;
    TailModel large;
    test::Noise noise{2};
    for (int i = 0; i < 5'000; ++i) {
        const double value = std::abs(noise.normal());
        small.learn(value, 1);
        large.learn(1e6 * value, 1);
    }
    EXPECT_NEAR(small.surprise(6), large.surprise(6e6), 1e-6);
    EXPECT_GT(small.surprise(6), 2);
}

TEST(TailModel, a_heavy_tail_is_less_surprised) {
    TailModel light;
    TailModel heavy;
    test::Noise noise{3};
    for (int i = 0; i < 20'000; ++i) {
        light.learn(std::abs(noise.normal()), 1);
        heavy.learn(1 / std::sqrt(1 - noise.uniform()), 1);
    }
    EXPECT_GT(light.surprise(3 * light.quantile()), 2 * heavy.surprise(3 * heavy.quantile()));
}

TEST(TailModel, exceedances_are_as_frequent_as_it_says) {
    TailModel tail;
    test::Noise noise{4};
    for (int i = 0; i < 20'000; ++i) tail.learn(std::abs(noise.normal()), 1);
    int beyond = 0;
    constexpr int k_samples = 200'000;
    for (int i = 0; i < k_samples; ++i) {
        const double value = std::abs(noise.normal());
        if (tail.surprise(value) >= 1) ++beyond;
        tail.learn(value, 1);
    }
    // One decade beyond the quantile: 2 in 1,000 of 200,000; within a factor of three.
    EXPECT_GT(beyond, 130);
    EXPECT_LT(beyond, 1200);
}

}  // namespace
}  // namespace modax::analysis
