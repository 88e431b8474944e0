#include "simulation/csv_reader.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace modax::simulation {
namespace {

using Records = std::vector<std::vector<std::string>>;

CsvReader reader_of(std::string text, std::optional<char> delimiter = {}) {
    return CsvReader{std::make_unique<std::istringstream>(std::move(text)), "x.csv", delimiter};
}

Records all(CsvReader& reader) {
    Records records;
    while (true) {
        const auto record = reader.next();
        if (!record) {
            ADD_FAILURE() << record.error().detail;
            return records;
        }
        if (!*record) return records;
        records.push_back(***record);
    }
}

Records all(std::string text, std::optional<char> delimiter = {}) {
    auto reader = reader_of(std::move(text), delimiter);
    return all(reader);
}

// The message of the first error.
std::string error_of(std::string text) {
    auto reader = reader_of(std::move(text), ',');
    while (true) {
        const auto record = reader.next();
        if (!record) return record.error().detail;
        if (!*record) return "none";
    }
}

TEST(CsvReader, PlainRecords) {
    EXPECT_EQ(all("a,b\n1,2\n"), (Records{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(all("a,b\r\n1,2\r\n"), (Records{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(all("a,b\n1,2"), (Records{{"a", "b"}, {"1", "2"}})) << "no line end at the end";
    EXPECT_EQ(all("a,,\n,,\n"), (Records{{"a", "", ""}, {"", "", ""}}));
    EXPECT_EQ(all(""), Records{});
}

TEST(CsvReader, QuotedFields) {
    EXPECT_EQ(all("\"a,b\",c\n"), (Records{{"a,b", "c"}}));
    EXPECT_EQ(all("\"say \"\"hi\"\"\"\n"), (Records{{"say \"hi\""}}));
    EXPECT_EQ(all("\"two\nlines\",x\n3,4\n"), (Records{{"two\nlines", "x"}, {"3", "4"}}));
    EXPECT_EQ(all("\"\",\"\"\n"), (Records{{"", ""}}));
    EXPECT_EQ(all("a,\"b\"\r\n"), (Records{{"a", "b"}}));
}

TEST(CsvReader, BlankLinesAreSkipped) {
    EXPECT_EQ(all("\n\na,b\n\n1,2\n\r\n"), (Records{{"a", "b"}, {"1", "2"}}));
}

TEST(CsvReader, ByteOrderMarkIsSkipped) {
    EXPECT_EQ(
        all("\xEF\xBB\xBF"
            "a,b\n"),
        (Records{{"a", "b"}})
    );
}

TEST(CsvReader, FindsTheDelimiter) {
    EXPECT_EQ(all("a;b;c\n1,5;2;3\n"), (Records{{"a", "b", "c"}, {"1,5", "2", "3"}}));
    EXPECT_EQ(all("a\tb\n1\t2\n"), (Records{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(all("\"a;b;c\",d\n"), (Records{{"a;b;c", "d"}})) << "not from what is quoted";
    EXPECT_EQ(all("a\n1\n"), (Records{{"a"}, {"1"}}));
    EXPECT_EQ(all("a;b,c\n", ';'), (Records{{"a", "b,c"}})) << "told to";
}

TEST(CsvReader, ErrorsNameFileAndLine) {
    EXPECT_EQ(error_of("a,b\n1,\"2\n"), "x.csv:2: a quoted field does not end");
    EXPECT_EQ(error_of("a,b\n\n1,2\"\n"), "x.csv:3: a quote within a field that is not quoted");
    EXPECT_EQ(error_of("a,\"b\"c\n"), "x.csv:1: text behind a closing quote");
    EXPECT_EQ(
        error_of(std::string("a,\0b\n", 5)), "x.csv:1: a NUL character: this is no text file"
    );
    EXPECT_EQ(
        error_of("a\n" + std::string(2 * CsvReader::k_max_record, 'x')),
        "x.csv:2: the record is over 1 MiB long"
    );
}

TEST(CsvReader, LineIsWhereTheRecordBegan) {
    auto reader = reader_of("a\n\"x\n\ny\"\nb\n");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.line(), 1U);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.line(), 2U);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.line(), 5U);
}

TEST(CsvReader, Rewinds) {
    auto reader = reader_of(
        "\xEF\xBB\xBF"
        "a;b\n1;2\n"
    );
    const auto first = all(reader);
    EXPECT_EQ(reader.bytes_read(), 11U);
    ASSERT_TRUE(reader.rewind());
    EXPECT_EQ(reader.bytes_read(), 0U);
    EXPECT_EQ(all(reader), first);
}

}  // namespace
}  // namespace modax::simulation
