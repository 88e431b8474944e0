#include "core/duration_text.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, IsRead) {
    EXPECT_EQ(parse_duration("60s"), 60s);
    EXPECT_EQ(parse_duration("60"), 60s);
    EXPECT_EQ(parse_duration("0"), 0s);
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("1.5m"), 90s);
    EXPECT_EQ(parse_duration("2min"), 2min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("1d"), 24h);
    EXPECT_EQ(parse_duration("0.000001s"), 1us);
}

TEST(DurationText, OtherTextIsNone) {
    for (const auto* text :
         {"", "s", "-1s", "1x", "1 s", "1s ", "one", "1e3s", "nan", "inf", "1h30m", "10001d"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace modax
