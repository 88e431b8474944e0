#include "store/metric_columns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::store {
namespace {

TEST(MetricColumns, AreReadWithNameTypeAndUnit) {
    const auto columns = parse_metric_columns(
        {"coolant_pressure number bar", "tool text", "chips boolean", "v number m / s"}
    );
    ASSERT_TRUE(columns) << columns.error().detail;
    const std::vector<MetricColumn> expected{
        {"coolant_pressure", MetricColumn::Type::number, "bar"},
        {"tool", MetricColumn::Type::text, ""},
        {"chips", MetricColumn::Type::boolean, ""},
        {"v", MetricColumn::Type::number, "m / s"}};
    EXPECT_EQ(*columns, expected);
}

TEST(MetricColumns, MistakesAreNamed) {
    for (const std::string text :
         {"",
          "pressure",
          "pressure float",
          "Pressure number",
          "a-b number",
          "1st number",
          "temperature number",
          "seq number",
          "ctid number",
          "x\"; DROP TABLE devices;-- number"}) {
        const auto columns = parse_metric_columns({text});
        ASSERT_FALSE(columns) << text;
        EXPECT_THAT(columns.error().detail, testing::HasSubstr('"' + text + '"'));
    }
    EXPECT_FALSE(parse_metric_columns({"a number", "a text"}));
}

}  // namespace
}  // namespace modax::store
