// Capability, control chart rules and OEE by hand-made numbers.
#include "operations/capability.hpp"
#include "operations/oee.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace modax::operations {
namespace {

// Which rules fire at the last value.
std::vector<std::string> rules_at_end(const std::vector<double>& values) {
    std::vector<std::string> rules;
    for (const Signal& signal : capability_of(values, {}).signals) {
        if (signal.index + 1 == values.size()) rules.emplace_back(signal.rule);
    }
    return rules;
}

TEST(Capability, IsComputedFromMovingRangesAndFromAllValues) {
    // Moving ranges 2, 2, 2: sigma 2 / 1.128; mean 1; squared deviations 4, so s = sqrt(4 / 3).
    const auto found = capability_of(std::vector<double>{0, 2, 0, 2}, {-5, 9});
    const double within = 2 / 1.128;
    const double overall = std::sqrt(4.0 / 3);
    EXPECT_DOUBLE_EQ(found.mean, 1);
    EXPECT_DOUBLE_EQ(found.within, within);
    EXPECT_DOUBLE_EQ(found.deviation, overall);
    EXPECT_DOUBLE_EQ(*found.cp, 14 / (6 * within));
    EXPECT_DOUBLE_EQ(*found.cpk, 6 / (3 * within)) << "the nearer limit decides";
    EXPECT_DOUBLE_EQ(*found.pp, 14 / (6 * overall));
    EXPECT_DOUBLE_EQ(*found.ppk, 6 / (3 * overall));
}

TEST(Capability, NeedsVariationAndLimits) {
    EXPECT_EQ(capability_of({}, {0, 1}).count, 0U);
    EXPECT_FALSE(capability_of(std::vector<double>{5}, {0, 9}).cpk);
    EXPECT_FALSE(capability_of(std::vector<double>{5, 5, 5}, {0, 9}).cpk) << "no variation";
    const auto one_sided = capability_of(std::vector<double>{0, 2, 0, 2}, {std::nullopt, 9});
    EXPECT_FALSE(one_sided.cp);
    EXPECT_DOUBLE_EQ(*one_sided.cpk, 8 / (3 * 2 / 1.128));
}

TEST(Capability, TheWesternElectricRules) {
    // An even see-saw around zero sets the scale: sigma is about 1.8.
    std::vector<double> values;
    for (int i = 0; i < 200; ++i) values.push_back(i % 2 == 0 ? -1 : 1);
    EXPECT_TRUE(rules_at_end(values).empty());
    const auto with = [&](const std::vector<double>& more) {
        auto all = values;
        all.insert(all.end(), more.begin(), more.end());
        return rules_at_end(all);
    };
    using Rules = std::vector<std::string>;
    EXPECT_EQ(with({7}), Rules{"one beyond 3 sigma"});
    EXPECT_EQ(with({-7}), Rules{"one beyond 3 sigma"});
    EXPECT_EQ(with({4.5, -1, 4.5}), Rules{"two of three beyond 2 sigma"});
    EXPECT_TRUE(with({4.5, -1, -1, 4.5}).empty());
    EXPECT_TRUE(with({4.5, -4.5}).empty()) << "on two sides";
    EXPECT_EQ(with({2.6, 2.6, -1, 2.6, 2.6}), Rules{"four of five beyond 1 sigma"});
    EXPECT_TRUE(with({2.6, 2.6, 2.6, -1, -1, 2.6}).empty());
    EXPECT_EQ(with({-1, 1, 1, 1, 1, 1, 1, 1, 1}), Rules{"eight on one side"});
    EXPECT_TRUE(with({-1, -1, 1, 1, 1, 1, 1, 1, 1}).empty());
}

TEST(OeeTest, IsTheProductAndMissingWhereAPartIs) {
    using std::chrono::minutes;
    const Oee whole = oee_of({minutes{100}, minutes{20}, 57, 3, 60.0 * 60});
    EXPECT_DOUBLE_EQ(*whole.availability, 0.8);
    EXPECT_DOUBLE_EQ(*whole.performance, 0.75);
    EXPECT_DOUBLE_EQ(*whole.quality, 0.95);
    EXPECT_DOUBLE_EQ(*whole.oee, 0.8 * 0.75 * 0.95);
    const Oee idle = oee_of({minutes{100}, minutes{0}, 0, 0, {}});
    EXPECT_DOUBLE_EQ(*idle.availability, 1);
    EXPECT_FALSE(idle.quality || idle.performance || idle.oee);
    const Oee nothing = oee_of({});
    EXPECT_FALSE(nothing.availability || nothing.oee);
    const Oee down = oee_of({minutes{10}, minutes{10}, 1, 0, 60.0});
    EXPECT_DOUBLE_EQ(*down.availability, 0);
    EXPECT_FALSE(down.performance) << "it did not run";
}

}  // namespace
}  // namespace modax::operations
