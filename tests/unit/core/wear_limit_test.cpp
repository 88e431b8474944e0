#include "core/wear_limit.hpp"

#include "core/device_pattern.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

TEST(WearLimit, is_device_metric_and_limit) {
    EXPECT_EQ(parse_wear_limit("cnc-* vibration 7.1"), (WearLimit{"cnc-*", "vibration", 7.1}));
    EXPECT_EQ(parse_wear_limit("  press.1   oil_x  -3e2 "), (WearLimit{"press.1", "oil_x", -300}));
}

TEST(WearLimit, says_what_is_wrong_with_an_example) {
    for (const auto* text :
         {"",
          "cnc-*",
          "cnc-* vibration",
          "cnc-* vibration 7.1 mm",
          "cnc/1 vibration 7",
          "cnc-1 7vib 7",
          "cnc-1 a,b 7",
          "cnc-1 vibration seven",
          "cnc-1 vibration inf",
          "cnc-1 vibration 7.1x"}) {
        const auto parsed = parse_wear_limit(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
        EXPECT_NE(parsed.error().detail.find("for example"), std::string::npos);
    }
}

TEST(DevicePattern, stars_stand_for_anything_and_case_for_nothing) {
    EXPECT_TRUE(matches_device("*", "cnc-01"));
    EXPECT_TRUE(matches_device("CNC-*", "cnc-01"));
    EXPECT_TRUE(matches_device("*-0*", "cnc-01"));
    EXPECT_FALSE(matches_device("cnc-", "cnc-01"));
    EXPECT_FALSE(matches_device("mill-*", "cnc-01"));
}

}  // namespace
}  // namespace modax
