// Pass and fail of what was measured.
#include "operations/judgement.hpp"

#include <gtest/gtest.h>

namespace modax::operations {
namespace {

InspectionResult measured(double value) {
    InspectionResult result;
    result.name = "dimension_x";
    result.measured = value;
    return result;
}

InspectionResult with_tolerance(double value, double target, double tolerance) {
    auto result = measured(value);
    result.target = target;
    result.tolerance = tolerance;
    return result;
}

TEST(Judgement, ATolerancesEdgeIsWithinInSpiteOfRounding) {
    EXPECT_EQ(passes(with_tolerance(10.05, 10.0, 0.05)), true);
    EXPECT_EQ(passes(with_tolerance(9.95, 10.0, 0.05)), true);
    EXPECT_EQ(passes(with_tolerance(10.0501, 10.0, 0.05)), false);
    EXPECT_EQ(passes(with_tolerance(0.3, 0.1, 0.2)), true) << "0.1 + 0.2 is not 0.3 in a double";
}

TEST(Judgement, LimitsWinOverTheToleranceAndMayBeOneSided) {
    auto result = with_tolerance(10.2, 10.0, 0.05);
    result.upper = 10.5;
    EXPECT_EQ(passes(result), true);
    result.measured = 10.6;
    EXPECT_EQ(passes(result), false);
    result.upper.reset();
    result.lower = 10.6;
    EXPECT_EQ(passes(result), true);
}

TEST(Judgement, WithoutLimitsNothingIsJudged) {
    EXPECT_EQ(passes(measured(1)), std::nullopt);
    auto result = measured(1);
    result.target = 1;
    EXPECT_EQ(passes(result), std::nullopt) << "a target alone is no limit";
}

TEST(Judgement, ALotFailsWithOneAndIsUnknownWhenOneIs) {
    InspectionReport report;
    judge(report);
    EXPECT_EQ(report.computed, "unknown") << "nothing was measured";
    report.results = {with_tolerance(10, 10, 1)};
    judge(report);
    EXPECT_EQ(report.computed, "passed");
    report.results.push_back(measured(5));
    judge(report);
    EXPECT_EQ(report.computed, "unknown");
    report.results.push_back(with_tolerance(12, 10, 1));
    judge(report);
    EXPECT_EQ(report.computed, "failed");
    EXPECT_EQ(report.results[0].passed, true);
    EXPECT_EQ(report.results[1].passed, std::nullopt);
    EXPECT_EQ(report.results[2].passed, false);
}

TEST(Judgement, KeysAreFitForTopicsAndPaths) {
    EXPECT_TRUE(is_valid_key("1000815"));
    EXPECT_TRUE(is_valid_key("000010-A.2_b"));
    for (const auto* bad : {"", "a/b", "a#", "+", "..", "a b", "\xC3\xA4"}) {
        EXPECT_FALSE(is_valid_key(bad)) << bad;
    }
}

}  // namespace
}  // namespace modax::operations
