#include "ingest/timestamp_rules.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace modax::ingest {
namespace {

const Timestamp k_time = *parse_iso8601("2025-12-09T10:30:00.123456Z");
const Timestamp k_whole = *parse_iso8601("2025-12-09T10:30:00Z");

TEST(TimestampRules, SizeOfANumberTellsItsUnit) {
    EXPECT_EQ(device_time(std::int64_t{1765276200}), k_whole);
    EXPECT_EQ(device_time(std::int64_t{1765276200000}), k_whole);
    EXPECT_EQ(device_time(std::int64_t{1765276200123456}), k_time);
    EXPECT_EQ(device_time(std::int64_t{1765276200123456789}), k_time);
    EXPECT_EQ(device_time(1765276200.123456), k_time);
    EXPECT_EQ(device_time(1765276200123.456), k_time);
    EXPECT_EQ(device_time(1765276200123456.0), k_time);
}

TEST(TimestampRules, EdgesOfTheUnits) {
    EXPECT_EQ(device_time(std::int64_t{99'999'999'999}), from_micros(99'999'999'999'000'000));
    EXPECT_EQ(device_time(99'999'999'999.0), from_micros(99'999'999'999'000'000));
    EXPECT_EQ(device_time(std::int64_t{999'999'999'999}), from_micros(999'999'999'999'000));
    EXPECT_EQ(device_time(999'999'999'999.0), from_micros(999'999'999'999'000));
    // 1e11 ms, 1e14 µs and 1e17 ns are in 1973: a clock that was never set.
    EXPECT_EQ(device_time(std::int64_t{100'000'000'000}), std::nullopt);
    EXPECT_EQ(device_time(1e14), std::nullopt);
    EXPECT_EQ(device_time(1e17), std::nullopt);
}

TEST(TimestampRules, AnyNumberIsSafe) {
    using Limits = std::numeric_limits<double>;
    for (const double number : {Limits::max(), -Limits::max(), Limits::infinity(), 1e19, 1e300}) {
        EXPECT_GT(device_time(number).value_or(Timestamp::max()), k_time) << number;
    }
    EXPECT_EQ(device_time(Limits::quiet_NaN()), std::nullopt);
    EXPECT_TRUE(device_time(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(device_time(std::numeric_limits<std::int64_t>::min()), std::nullopt);
}

TEST(TimestampRules, BeforeTheYear2000IsNone) {
    EXPECT_EQ(*device_time("1999-12-31T23:59:59.999Z"), std::nullopt);
    EXPECT_EQ(*device_time("2000-01-01T00:00:00Z"), *parse_iso8601("2000-01-01T00:00:00Z"));
    EXPECT_EQ(*device_time("0001-01-01T00:00:00"), std::nullopt);
    EXPECT_EQ(*device_time("1900-01-01"), std::nullopt);
    EXPECT_EQ(device_time(std::int64_t{946684799}), std::nullopt);
    EXPECT_TRUE(device_time(std::int64_t{946684800}));
}

TEST(TimestampRules, OtherTextIsRefused) {
    for (const auto* text : {"", "now", "1765276200", "09.12.2025", "0001-01-01Tx", "2025-13-01"}) {
        const auto time = device_time(text);
        ASSERT_FALSE(time) << text;
        EXPECT_EQ(time.error().reason, Reason::bad_timestamp);
    }
}

}  // namespace
}  // namespace modax::ingest
