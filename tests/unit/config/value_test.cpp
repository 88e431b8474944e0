#include "config/value.hpp"

#include <gtest/gtest.h>

namespace modax::config {
namespace {

TEST(config_value, durations) {
    EXPECT_EQ(parse_duration("5ms"), 5);
    EXPECT_EQ(parse_duration("30s"), 30'000);
    EXPECT_EQ(parse_duration("5min"), 300'000);
    EXPECT_EQ(parse_duration("24h"), 86'400'000);
    EXPECT_EQ(parse_duration("90d"), 7'776'000'000);
    EXPECT_EQ(parse_duration("0"), 0);
    for (const auto* wrong : {"", "5", "ms", "5 ms", "-5ms", "+5ms", "1.5h", "5m", "5msx", "0x"}) {
        EXPECT_FALSE(parse_duration(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_duration("9223372036854775807d"));
    EXPECT_FALSE(parse_duration("99999999999999999999ms"));
}

TEST(config_value, sizes) {
    EXPECT_EQ(parse_size("512"), 512);
    EXPECT_EQ(parse_size("512B"), 512);
    EXPECT_EQ(parse_size("64KiB"), 65'536);
    EXPECT_EQ(parse_size("4GiB"), 4'294'967'296);
    for (const auto* wrong : {"", "KiB", "64KB", "64kib", "64 KiB", "-1", "1.5MiB"}) {
        EXPECT_FALSE(parse_size(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_size("9999999999TiB"));
}

TEST(config_value, durations_and_sizes_are_written_in_their_largest_unit) {
    EXPECT_EQ(format_duration(5), "5ms");
    EXPECT_EQ(format_duration(1500), "1500ms");
    EXPECT_EQ(format_duration(86'400'000), "1d");
    EXPECT_EQ(format_duration(0), "0s");
    EXPECT_EQ(format_size(65'536), "64KiB");
    EXPECT_EQ(format_size(65'537), "65537B");
    EXPECT_EQ(format_size(0), "0B");
}

TEST(config_value, toml_text_escapes_what_toml_needs) {
    EXPECT_EQ(toml_text("a\"b\\c\nd"), R"("a\"b\\c\u000Ad")");
}

}  // namespace
}  // namespace modax::config
