#include "telemetry/log.hpp"

#include "telemetry/log_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <thread>
#include <vector>

namespace modax::telemetry {
namespace {

using ::testing::HasSubstr;

constexpr Timestamp k_time = from_micros(1'700'000'000'007'999);

LogEntry entry_of(std::string_view message, std::span<const LogField> fields = {}) {
    return {k_time, LogLevel::warn, "mqtt", message, fields};
}

TEST(log_line, text_stands_in_columns) {
    const std::vector<LogField> fields{
        {"client", "press-01"}, {"reason", "not allowed"}, {"empty", ""}, {"quote", "a\"b"}};
    EXPECT_EQ(
        text_line(entry_of("client refused", fields)),
        "2023-11-14T22:13:20.007Z WARN  mqtt       client refused  client=press-01 "
        "reason=\"not allowed\" empty=\"\" quote=\"a\\\"b\""
    );
    EXPECT_EQ(text_line(entry_of("started")), "2023-11-14T22:13:20.007Z WARN  mqtt       started");
}

TEST(log_line, json_is_one_object_with_every_field) {
    const std::vector<LogField> fields{{"client", "press \"01\" \\ \n"}, {"level", "forged"}};
    const auto object = nlohmann::json::parse(json_line(entry_of("client refused", fields)));
    EXPECT_EQ(object.at("time"), "2023-11-14T22:13:20.007Z");
    EXPECT_EQ(object.at("level"), "warn");
    EXPECT_EQ(object.at("component"), "mqtt");
    EXPECT_EQ(object.at("message"), "client refused");
    EXPECT_EQ(object.at("client"), "press \"01\" \\ \n");
    EXPECT_EQ(object.at("level_"), "forged");
}

TEST(log_line, nothing_breaks_the_line_or_steers_a_terminal) {
    // A line feed, an escape sequence, DEL, C1's CSI, a line separator, a right-to-left override.
    const std::string hostile = "a\nb\r\x1b[2J\x7f\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\x01z";
    const std::vector<LogField> fields{{hostile, hostile}};
    const std::string expected = "a\\nb\\r\\u001b[2J\\u007f\\u009b\\u2028\\u202e\\u0001z";
    EXPECT_EQ(
        text_line({k_time, LogLevel::info, hostile, hostile, fields}),
        "2023-11-14T22:13:20.007Z INFO  " + expected + ' ' + expected + "  " + expected + '=' +
            expected
    );
    const std::string json = json_line({k_time, LogLevel::info, hostile, hostile, fields});
    EXPECT_EQ(nlohmann::json::parse(json).at("message"), hostile);
    for (const char c : json) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

TEST(log_line, what_is_not_utf8_is_replaced) {
    // A lone continuation, an overlong '/', a surrogate, a cut sequence.
    for (const std::string wrong : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82", "\xff"}) {
        const auto object = nlohmann::json::parse(json_line(entry_of("<" + wrong + ">")));
        EXPECT_THAT(object.at("message"), HasSubstr("<\xEF\xBF\xBD"));
    }
    EXPECT_EQ(nlohmann::json::parse(json_line(entry_of("grüße €😀"))).at("message"), "grüße €😀");
}

TEST(log_line, long_fields_and_many_fields_are_bounded) {
    const std::string large(10'000, 'x');
    std::vector<LogField> fields(1000, LogField{"k", large});
    const std::string line = text_line(entry_of(large, fields));
    EXPECT_LT(line.size(), (k_max_fields + 1) * (k_max_field_bytes + 100));
    EXPECT_THAT(line, HasSubstr("x… (10000 bytes)"));
    // The cut does not split a character.
    const std::string wide = std::string(k_max_field_bytes - 1, 'a') + "€€";
    EXPECT_THAT(
        text_line(entry_of(wide)), HasSubstr("a€… (" + std::to_string(wide.size()) + " bytes)")
    );
}

TEST(log, writes_lines_from_its_level_up) {
    std::ostringstream out;
    const auto log = make_log({LogLevel::info, LogOptions::Format::text}, out);
    EXPECT_FALSE(log->enabled(LogLevel::debug));
    EXPECT_TRUE(log->enabled(LogLevel::warn));
    log->debug("app", "not shown");
    log->info("app", "shown {} %v", {{"port", "8080"}});
    log->error("app", "also shown");
    EXPECT_THAT(out.str(), ::testing::Not(HasSubstr("not shown")));
    EXPECT_THAT(out.str(), HasSubstr("INFO  app        shown {} %v  port=8080\n"));
    EXPECT_THAT(out.str(), HasSubstr("ERROR app        also shown\n"));
}

TEST(log, json_lines_are_written_whole_by_many_threads) {
    std::ostringstream out;
    const auto log = make_log({LogLevel::info, LogOptions::Format::json}, out);
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < 4; ++writer) {
            writers.emplace_back([&log] {
                for (int i = 0; i < 100; ++i) log->info("app", "hello", {{"i", std::to_string(i)}});
            });
        }
    }
    std::istringstream lines{out.str()};
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_EQ(nlohmann::json::parse(line).at("message"), "hello");
    }
    EXPECT_EQ(count, 400);
}

TEST(log, standard_error_gets_the_lines) {
    ::testing::internal::CaptureStderr();
    const auto log = make_log({});
    log->warn("app", "to standard error");
    EXPECT_THAT(
        ::testing::internal::GetCapturedStderr(), HasSubstr("WARN  app        to standard error\n")
    );
}

TEST(log, a_stream_that_fails_is_survived) {
    std::ostringstream out;
    out.setstate(std::ios::badbit);
    const auto log = make_log({}, out);
    log->error("app", "nobody sees this");
    EXPECT_TRUE(out.str().empty());
}

}  // namespace
}  // namespace modax::telemetry
