// Mappings are written by people: what they may do to the gateway.
#include "connectors/jq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

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

TEST(Jq, OneThatGoesWildHarmsNoOther) {
    const Jq jq{MODAX_PROGRAM, {std::chrono::milliseconds{5000}, 1024}};
    const std::vector<std::string> wild{
        "def f: f; f", "[range(1000000000)] | length", "\"x\" * 100000000", "{a:", "error(\"no\")"};
    for (const std::string& mapping : wild) {
        EXPECT_FALSE(jq.run(mapping, "{}")) << mapping;
        EXPECT_EQ(jq.run(".a", R"({"a":"good"})").value_or("?"), "good") << "after " << mapping;
    }
}

TEST(Jq, AWorkerStaysAndKeepsNothingOfTheMappingBefore) {
    const Jq jq{MODAX_PROGRAM};
    for (int i = 0; i < 500; ++i) {
        const auto text = std::to_string(i);
        ASSERT_EQ(jq.run(".[0], .[1]", '[' + text + ",2]").value_or("?"), text);
        ASSERT_EQ(jq.run("[limit(3; repeat(1))] | length", "null").value_or("?"), "3");
    }
    EXPECT_EQ(jq.run("try (\"x\" | halt_error) catch .", "{}").value_or("?"), "null");
    EXPECT_EQ(jq.run(".", "1").value_or("?"), "1");
}

TEST(Jq, RunsForManyThreadsAtOnce) {
    const Jq jq{MODAX_PROGRAM};
    std::atomic<int> right{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&jq, &right, i] {
                for (int j = 0; j < 20; ++j) {
                    const auto text = std::to_string(i * 100 + j);
                    if (jq.run(". + 0", text).value_or("?") == text) ++right;
                }
            });
        }
    }
    EXPECT_EQ(right.load(), 160);
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
