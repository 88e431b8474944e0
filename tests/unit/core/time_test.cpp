#include "core/time.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

TEST(Time, ParsesWhatMachinesSend) {
    const auto expected = from_micros(1'765'276'200'000'000);
    for (const char* text : {
             "2025-12-09T10:30:00Z",
             "2025-12-09T10:30:00",
             "2025-12-09 10:30:00",
             "2025-12-09t10:30:00z",
             "2025-12-09T10:30Z",
             "2025-12-09T12:30:00+02:00",
             "2025-12-09T12:30:00+0200",
             "2025-12-09T05:30:00-05",
         }) {
        EXPECT_EQ(parse_iso8601(text), expected) << text;
    }
    EXPECT_EQ(parse_iso8601("2025-12-09T10:30:00.25Z"), expected + std::chrono::milliseconds{250});
    EXPECT_EQ(
        parse_iso8601("2025-12-09T10:30:00,123456789Z"),
        expected + std::chrono::microseconds{123'456}
    );
    EXPECT_EQ(parse_iso8601("2025-12-09"), from_micros(1'765'238'400'000'000));
}

TEST(Time, RefusesWhatIsNoTime) {
    for (const char* text : {
             "",
             "yesterday",
             "2025-13-09T10:30:00Z",
             "2025-02-30T10:30:00Z",
             "2025-12-09T24:00:00Z",
             "2025-12-09T10:60:00Z",
             "2025-12-09T10:30:61Z",
             "2025-12-09T10:30:00.Z",
             "2025-12-09T10:30:00Zulu",
             "2025-12-09T10:30:00+25:00",
             "1969-12-31T23:59:59Z",
         }) {
        EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
    }
}

TEST(Time, FormatsShortestThatKeepsTheValue) {
    const auto whole = from_micros(1'765'276'200'000'000);
    EXPECT_EQ(format_iso8601(whole), "2025-12-09T10:30:00Z");
    EXPECT_EQ(format_iso8601(whole + std::chrono::milliseconds{5}), "2025-12-09T10:30:00.005Z");
    EXPECT_EQ(format_iso8601(whole + std::chrono::microseconds{5}), "2025-12-09T10:30:00.000005Z");
    EXPECT_EQ(
        parse_iso8601(format_iso8601(whole + std::chrono::microseconds{5})),
        whole + std::chrono::microseconds{5}
    );
}

}  // namespace
}  // namespace modax
