// Mappings are written by people: what they may do to the gateway.
#include "connectors/jq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::connectors {
namespace {

using ::testing::HasSubstr;

const Jq k_jq{MODAX_PROGRAM};

TEST(Jq, Maps) {
    EXPECT_EQ(
        k_jq.run("{AUFNR: .order}", R"({"order":"4711"})").value_or(""), R"({"AUFNR":"4711"})"
    );
    EXPECT_EQ(k_jq.run("empty", "{}").value_or(""), "null");
    EXPECT_EQ(k_jq.run(".", R"("Grüße \"und\" mehr")").value_or(""), R"(Grüße "und" mehr)");
}

TEST(Jq, TakesAnInputLargerThanAPipe) {
    const std::string input = "[\"" + std::string(500'000, 'x') + "\"]";
    EXPECT_EQ(k_jq.run(".[0] | length", input).value_or(""), "500000");
}

TEST(Jq, TellsWhatIsWrong) {
    const auto syntax = k_jq.run("{a:", "{}");
    ASSERT_FALSE(syntax);
    EXPECT_EQ(syntax.error().code, Errc::invalid_argument);
    EXPECT_THAT(syntax.error().detail, HasSubstr("syntax error"));
    const auto failing = k_jq.run(".a + 1", R"({"a":"text"})");
    ASSERT_FALSE(failing);
    EXPECT_THAT(failing.error().detail, HasSubstr("cannot be added"));
    EXPECT_FALSE(k_jq.run(".", "{"));
}

TEST(Jq, AnEndlessLoopIsEnded) {
    const auto looping = k_jq.run("def f: f; f", "{}");
    ASSERT_FALSE(looping);
    EXPECT_EQ(looping.error().code, Errc::resource_exhausted) << looping.error().detail;
}

TEST(Jq, AMappingThatEatsMemoryIsEnded) {
    const auto eating = k_jq.run("[range(1000000000)] | length", "{}");
    ASSERT_FALSE(eating);
    EXPECT_EQ(eating.error().code, Errc::resource_exhausted) << eating.error().detail;
}

TEST(Jq, AnOutputOf100MBIsEnded) {
    const auto printing = k_jq.run("\"x\" * 100000000", "{}");
    ASSERT_FALSE(printing);
    EXPECT_EQ(printing.error().code, Errc::resource_exhausted) << printing.error().detail;
}

TEST(Jq, SeesNeitherTheEnvironmentNorFiles) {
    ASSERT_EQ(setenv("MODAX_TEST_SECRET", "canary", 1), 0);
    EXPECT_EQ(k_jq.run("$ENV | length", "{}").value_or("?"), "0");
    EXPECT_EQ(k_jq.run("env | length", "{}").value_or("?"), "0");
    EXPECT_FALSE(k_jq.run("import \"/etc/passwd\" as $all; $all", "{}"));
    unsetenv("MODAX_TEST_SECRET");
}

}  // namespace
}  // namespace modax::connectors
