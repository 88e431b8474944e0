// Cells of CSV: quoting, and no formulas.
#include "core/csv.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace modax {
namespace {

std::string cell(std::string_view text) {
    std::string out;
    append_csv_text(out, text);
    return out;
}

TEST(Csv, texts_are_quoted_only_where_they_must_be) {
    EXPECT_EQ(cell("auto"), "auto");
    EXPECT_EQ(cell(""), "");
    EXPECT_EQ(cell("a,b"), "\"a,b\"");
    EXPECT_EQ(cell("say \"no\""), "\"say \"\"no\"\"\"");
    EXPECT_EQ(cell("two\r\nlines"), "\"two\r\nlines\"");
    EXPECT_EQ(cell("\xC3\xA4"), "\xC3\xA4");
}

TEST(Csv, nothing_is_a_formula) {
    for (const char* formula : {"=1+1", "+A1", "-A1", "@SUM(A1)", "\tx"}) {
        EXPECT_EQ(cell(formula), std::string{"'"} + formula);
    }
    EXPECT_EQ(cell("\rx"), "\"'\rx\"");
    EXPECT_EQ(cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
    // Numbers stay numbers.
    for (const char* number : {"-1.5", "+3", "-2e-7"}) EXPECT_EQ(cell(number), number);
    EXPECT_EQ(cell("-inf"), "'-inf");
}

TEST(Csv, numbers_are_the_shortest_that_read_back_the_same) {
    const auto number = [](double value) {
        std::string out;
        append_csv_number(out, value);
        return out;
    };
    EXPECT_EQ(number(0.1), "0.1");
    EXPECT_EQ(number(-1234567), "-1234567");
    EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "");
    EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "");
}

}  // namespace
}  // namespace modax
