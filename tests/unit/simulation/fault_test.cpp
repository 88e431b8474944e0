#include "simulation/fault.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace modax::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> k_metrics{"temperature", "current"};

Result<Fault> parse(std::string_view text) {
    return parse_fault(text, k_metrics);
}

TEST(Fault, IsParsedWithAllParts) {
    const auto fault = parse("spike:temperature@60s/10s*5");
    ASSERT_TRUE(fault) << fault.error().detail;
    EXPECT_EQ(
        *fault,
        (Fault{
            .kind = Fault::Kind::spike,
            .metric = "temperature",
            .start = 60s,
            .duration = 10s,
            .magnitude = 5})
    );
}

TEST(Fault, PartsHaveDefaults) {
    EXPECT_EQ(parse("spike:current@1m")->duration, 5s);
    EXPECT_EQ(parse("spike:current@1m")->magnitude, 3);
    EXPECT_EQ(parse("drift:current@1m*0.5")->duration, 10min);
    EXPECT_EQ(parse("drift:current@1m*0.5")->magnitude, 0.5);
    EXPECT_EQ(parse("stuck:current@0")->duration, 1min);
    EXPECT_EQ(parse("gap@1h")->metric, "");
    EXPECT_EQ(parse("gap:current@1h")->metric, "current");
    EXPECT_EQ(parse("skew@5m/2m*-30")->magnitude, -30);
    EXPECT_EQ(parse("imbalance@5m")->magnitude, 2);
    EXPECT_EQ(parse("decouple@5m/1m*0.5")->magnitude, 0.5);
    EXPECT_EQ(parse("skew@5m")->magnitude, 3600);
}

TEST(Fault, ErrorsSayWhatIsWrongAndHowToWriteIt) {
    struct Case {
        std::string_view text;
        std::string_view says;
    };
    for (const Case& wrong : std::initializer_list<Case>{
             {"", "unknown kind ''"},
             {"spke:temperature@60s", "unknown kind 'spke'"},
             {"spike@60s", "spike needs a metric"},
             {"spike:pressure@60s", "unknown metric 'pressure' (one of temperature, current)"},
             {"skew:temperature@60s", "skew takes no metric"},
             {"imbalance:vibration@60s", "imbalance takes no metric"},
             {"spike:temperature", "@START is missing"},
             {"spike:temperature@soon", "START 'soon'"},
             {"spike:temperature@60s/0s", "DURATION '0s'"},
             {"spike:temperature@60s/x", "DURATION 'x'"},
             {"spike:temperature@60s*big", "MAGNITUDE 'big'"},
             {"spike:temperature@60s*inf", "MAGNITUDE 'inf'"},
             {"stuck:temperature@60s*2", "stuck takes no magnitude"},
             {"skew@1s*1e12", "ten years"}}) {
        const auto fault = parse(wrong.text);
        ASSERT_FALSE(fault) << wrong.text;
        EXPECT_EQ(fault.error().code, Errc::invalid_argument);
        EXPECT_NE(fault.error().detail.find(wrong.says), std::string::npos) << fault.error().detail;
        EXPECT_NE(fault.error().detail.find("spike:temperature@60s/10s*5"), std::string::npos);
    }
}

FaultyView view_of(std::string_view text) {
    return FaultyView{{*parse(text)}};
}

TEST(FaultyView, SpikeMultipliesWhileItLasts) {
    auto view = view_of("spike:temperature@10s/5s*4");
    EXPECT_EQ(view.shown("temperature", 20, 9999ms), 20);
    EXPECT_EQ(view.shown("temperature", 20, 10s), 80);
    EXPECT_EQ(view.shown("current", 20, 10s), 20) << "another metric";
    EXPECT_EQ(view.shown("temperature", 20, 14999ms), 80);
    EXPECT_EQ(view.shown("temperature", 20, 15s), 20);
}

TEST(FaultyView, DriftGrows) {
    auto view = view_of("drift:temperature@0/100s*2");
    EXPECT_DOUBLE_EQ(view.shown("temperature", 20, 0s), 20);
    EXPECT_DOUBLE_EQ(view.shown("temperature", 20, 25s), 25);
    EXPECT_DOUBLE_EQ(view.shown("temperature", 20, 50s), 30);
    EXPECT_DOUBLE_EQ(view.shown("temperature", 20, 100s), 20) << "over";
}

TEST(FaultyView, StuckSensorHoldsItsValue) {
    auto view = view_of("stuck:temperature@10s/10s");
    EXPECT_EQ(view.shown("temperature", 20, 9s), 20);
    EXPECT_EQ(view.shown("temperature", 21, 10s), 21);
    EXPECT_EQ(view.shown("temperature", 22, 11s), 21);
    EXPECT_EQ(view.shown("temperature", 30, 19s), 21);
    EXPECT_EQ(view.shown("temperature", 31, 20s), 31);
}

TEST(FaultyView, GapOfOneMetricOrOfAll) {
    auto one = view_of("gap:temperature@10s/10s");
    EXPECT_TRUE(std::isnan(one.shown("temperature", 20, 10s)));
    EXPECT_EQ(one.shown("current", 20, 10s), 20);
    EXPECT_FALSE(one.is_silent(10s));
    const auto all = view_of("gap@10s/10s");
    EXPECT_FALSE(all.is_silent(9s));
    EXPECT_TRUE(all.is_silent(10s));
    EXPECT_FALSE(all.is_silent(20s));
}

TEST(FaultyView, SkewsAddUp) {
    const FaultyView view{{*parse("skew@10s/10s*60"), *parse("skew@15s/10s*-0.5")}};
    EXPECT_EQ(view.clock_error(5s), 0s);
    EXPECT_EQ(view.clock_error(10s), 60s);
    EXPECT_EQ(view.clock_error(15s), 59500ms);
    EXPECT_EQ(view.clock_error(20s), -500ms);
}

}  // namespace
}  // namespace modax::simulation
