// Shifts of a week, and how much of an interval is planned.
#include "core/shift.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

using std::chrono::hours;

Timestamp at(std::string_view text) {
    return *parse_iso8601(text);
}

std::chrono::microseconds planned(
    const std::vector<Shift>& shifts, std::string_view start, std::string_view end
) {
    return overlap(planned_intervals(shifts, at(start), at(end)), at(start), at(end));
}

TEST(ShiftTest, IsReadAndRefused) {
    const auto shift = parse_shift("mon-fri 06:00-14:00");
    ASSERT_TRUE(shift);
    EXPECT_EQ(shift->days.to_string(), "0011111");
    EXPECT_EQ(shift->begin, hours{6});
    EXPECT_EQ(parse_shift("sat 22:00-06:00")->end, hours{30});
    EXPECT_EQ(parse_shift("mon-sun 00:00-24:00")->end, hours{24});
    EXPECT_EQ(parse_shift("sat-mon 00:00-24:00")->days.to_string(), "1100001");
    for (const auto* bad :
         {"",
          "mon",
          "mon 6:00-14:00",
          "mon 06:00-25:00",
          "mon 06:60-14:00",
          "MON 06:00-14:00",
          "mon-xyz 06:00-14:00",
          "monday 06:00-14:00",
          "mon 06:00 14:00",
          "mon 06:00-14:00 "}) {
        EXPECT_FALSE(parse_shift(bad)) << bad;
    }
}

TEST(ShiftTest, WithoutShiftsAllIsPlanned) {
    EXPECT_EQ(planned({}, "2025-12-09T10:00:00Z", "2025-12-09T12:00:00Z"), hours{2});
    EXPECT_EQ(planned({}, "2025-12-09T12:00:00Z", "2025-12-09T10:00:00Z"), hours{0});
}

TEST(ShiftTest, CountsItsDaysOnlyAndOverlapsOnce) {
    // 2025-12-08 is a Monday.
    const std::vector<Shift> day{*parse_shift("mon-fri 06:00-14:00")};
    EXPECT_EQ(planned(day, "2025-12-08", "2025-12-15"), hours{40});
    EXPECT_EQ(planned(day, "2025-12-13", "2025-12-15"), hours{0}) << "a weekend";
    EXPECT_EQ(planned(day, "2025-12-09T13:00:00Z", "2025-12-10T07:00:00Z"), hours{2});
    const std::vector<Shift> two{*parse_shift("tue 06:00-14:00"), *parse_shift("tue 12:00-16:00")};
    EXPECT_EQ(planned(two, "2025-12-09", "2025-12-10"), hours{10});
}

TEST(ShiftTest, GoesOverMidnightAndTheEndOfTheWeek) {
    const std::vector<Shift> night{*parse_shift("sun 22:00-06:00")};
    EXPECT_EQ(planned(night, "2025-12-14", "2025-12-15"), hours{2});
    EXPECT_EQ(planned(night, "2025-12-15", "2025-12-16"), hours{6}) << "begun the day before";
}

}  // namespace
}  // namespace modax
