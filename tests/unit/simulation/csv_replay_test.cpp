#include "simulation/csv_replay.hpp"

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace modax::simulation {
namespace {

using namespace std::chrono_literals;
using Members = std::vector<Metric>;

Result<CsvReplay> open(const std::string& text, const CsvReplayOptions& options = {}) {
    return CsvReplay::open(
        std::make_unique<std::istringstream>(text), "x.csv", text.size(), options
    );
}

// The rows until the end; a failure of the test on an error.
std::vector<CsvRow> rows(CsvReplay& replay) {
    std::vector<CsvRow> found;
    while (true) {
        auto row = replay.next();
        if (!row) {
            ADD_FAILURE() << row.error().detail;
            return found;
        }
        if (!*row) return found;
        found.push_back(std::move(**row));
    }
}

std::vector<CsvRow> rows(const std::string& text, const CsvReplayOptions& options = {}) {
    auto replay = open(text, options);
    if (!replay) {
        ADD_FAILURE() << replay.error().detail;
        return {};
    }
    return rows(*replay);
}

std::string open_error(const std::string& text, const CsvReplayOptions& options = {}) {
    const auto replay = open(text, options);
    return replay ? "none" : replay.error().detail;
}

std::string row_error(const std::string& text) {
    auto replay = open(text);
    if (!replay) return replay.error().detail;
    const auto row = replay->next();
    return row ? "none" : row.error().detail;
}

TEST(CsvReplay, PlaysTheNabFormat) {
    const auto found = rows(
        "timestamp,value\n"
        "2013-12-02 21:15:00,73.96732207\n"
        "2013-12-02 21:20:00,74.93588199999998\n"
    );
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].offset, 0s);
    EXPECT_EQ(found[0].time, *parse_iso8601("2013-12-02T21:15:00Z"));
    EXPECT_EQ(found[0].members, (Members{{"temperature", 73.96732207}}));
    EXPECT_EQ(found[1].offset, 5min);
}

TEST(CsvReplay, PlaysSemicolonsAndOddColumnNames) {
    const auto found = rows(
        "datetime;Accelerometer1RMS;Current;Volume Flow RateRMS;anomaly\n"
        "2020-03-09 10:14:33;0,026588;1.33;32.0;0.0\n",
        {.time_column = "datetime", .map = {{"Current", "current"}, {"anomaly", ""}}}
    );
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(
        found[0].members,
        (Members{{"Accelerometer1RMS", 0.026588}, {"current", 1.33}, {"Volume_Flow_RateRMS", 32.0}})
    );
}

TEST(CsvReplay, ReadsWhatTheGatewayExports) {
    const auto found = rows(
        "timestamp,device_id,seq,temperature,is_safe,program,door\n"
        "2025-12-09T10:30:00Z,cnc-01,7,45.2,true,\"O1000, fine\",FALSE\n"
        "2025-12-09T10:30:00.5Z,cnc-01,8,,0,,\n"
    );
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(
        found[0].members,
        (Members{
            {"temperature", 45.2},
            {"is_safe", true},
            {"program", std::string{"O1000, fine"}},
            {"door", false}})
    );
    EXPECT_EQ(found[1].offset, 500ms);
    EXPECT_EQ(found[1].members, (Members{{"is_safe", false}}));
}

TEST(CsvReplay, TimeMayBeANumber) {
    const auto found = rows("Timestamp,a\n1765276200,1\n1765276200.25,1\n1765276201000,1\n");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].time, *parse_iso8601("2025-12-09T10:30:00Z"));
    EXPECT_EQ(found[1].offset, 250ms);
    EXPECT_EQ(found[2].offset, 1s);
}

TEST(CsvReplay, MissingValuesAreLeftOutAndEmptyRowsSkipped) {
    const auto found = rows("timestamp,a,b\n1,nan,2\n2,NA,\n3,null,-1e3\n4,+5,None\n");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].members, (Members{{"b", 2.0}}));
    EXPECT_EQ(found[1].offset, 2s) << "the row without values is not there";
    EXPECT_EQ(found[1].members, (Members{{"b", -1000.0}}));
    EXPECT_EQ(found[2].members, (Members{{"a", 5.0}}));
}

TEST(CsvReplay, OffsetNeverGoesBack) {
    const auto found = rows("timestamp,a\n100,1\n160,2\n130,3\n170,4\n");
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[1].offset, 60s);
    EXPECT_EQ(found[2].offset, 60s);
    EXPECT_EQ(found[3].offset, 70s);
}

TEST(CsvReplay, HeaderErrorsArePrecise) {
    EXPECT_EQ(open_error(""), "x.csv:1: the file is empty; a header is needed");
    EXPECT_EQ(
        open_error("time,value\n"),
        "x.csv:1: no column 'timestamp' for the time (there are 'time', 'value'); name another "
        "one, or another delimiter"
    );
    EXPECT_EQ(
        open_error("timestamp,device_id\n"), "x.csv:1: no column besides the time has values"
    );
    EXPECT_EQ(
        open_error("timestamp,a b,a_b\n"),
        "x.csv:1: two columns become 'a_b'; map one of them to another name"
    );
    EXPECT_EQ(
        open_error("timestamp,value,temperature\n"),
        "x.csv:1: two columns become 'temperature'; map one of them to another name"
    );
    EXPECT_EQ(
        open_error("timestamp,a\n", {.map = {{"b", "current"}}}), "x.csv:1: no column 'b' to map"
    );
    EXPECT_NE(
        open_error("timestamp,a\n", {.map = {{"a", "seq"}}}).find("meaning"), std::string::npos
    );
}

TEST(CsvReplay, RowErrorsArePrecise) {
    EXPECT_EQ(
        row_error("timestamp,value\n\n1,2,3\n"), "x.csv:3: the row has 3 fields, the header has 2"
    );
    EXPECT_EQ(
        row_error("timestamp,value\nsoon,2\n"),
        "x.csv:2: the time is 'soon'; ISO 8601 such as 2025-12-09T10:30:00Z, or seconds or "
        "milliseconds since 1970 are read"
    );
    EXPECT_EQ(
        row_error("timestamp,value\n1,hot\n"), "x.csv:2: temperature is 'hot', must be a number"
    );
    EXPECT_EQ(
        row_error("timestamp,is_safe\n1,maybe\n"),
        "x.csv:2: is_safe is 'maybe', must be true or false"
    );
    EXPECT_EQ(
        row_error("timestamp,note\n1," + std::string(257, 'x') + "\n"),
        "x.csv:2: note is a text of over 256 bytes"
    );
}

TEST(CsvReplay, GoesOnBehindAnError) {
    auto replay = open("timestamp,value\n1,2\n2,hot\n3,4\n");
    ASSERT_TRUE(replay);
    EXPECT_TRUE(replay->next());
    EXPECT_FALSE(replay->next());
    const auto third = replay->next();
    ASSERT_TRUE(third);
    EXPECT_EQ((*third)->members, (Members{{"temperature", 4.0}}));
}

TEST(CsvReplay, RewindsAndShowsProgress) {
    auto replay = open("timestamp,value\n10,2\n20,3\n");
    ASSERT_TRUE(replay);
    EXPECT_EQ(replay->members(), (std::vector<std::string>{"temperature"}));
    EXPECT_GT(replay->progress(), 0.5);
    EXPECT_EQ(rows(*replay).size(), 2U);
    EXPECT_EQ(replay->progress(), 1);
    ASSERT_TRUE(replay->rewind());
    EXPECT_LT(replay->progress(), 1);
    const auto again = rows(*replay);
    ASSERT_EQ(again.size(), 2U);
    EXPECT_EQ(again[0].offset, 0s);
    EXPECT_EQ(again[1].offset, 10s);
}

TEST(CsvReplay, OpensFiles) {
    const modax::test::TemporaryDirectory directory;
    const auto path = directory.path() / "readings.csv";
    std::ofstream{path} << "timestamp,value\n1,2\n";
    auto replay = CsvReplay::open(path, {});
    ASSERT_TRUE(replay) << replay.error().detail;
    EXPECT_EQ(rows(*replay).size(), 1U);

    const auto missing = CsvReplay::open(directory.path() / "none.csv", {});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    const auto folder = CsvReplay::open(directory.path(), {});
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code, Errc::io_error);
}

TEST(ColumnMap, IsParsed) {
    EXPECT_EQ(
        *parse_column_map("value=temperature"),
        (std::pair<std::string, std::string>("value", "temperature"))
    );
    EXPECT_EQ(parse_column_map("anomaly=")->second, "");
    EXPECT_EQ(parse_column_map("a=b=c")->first, "a=b");
    for (const auto* wrong : {"", "value", "=temperature", "value=2x", "value=a b"}) {
        const auto parsed = parse_column_map(wrong);
        ASSERT_FALSE(parsed) << wrong;
        EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    }
}

}  // namespace
}  // namespace modax::simulation
