#include "simulation/cnc_machine.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <set>
#include <string>

namespace modax::simulation {
namespace {

using namespace std::chrono_literals;
using Phase = CncMachine::Phase;

double value_of(const CncSample& sample, std::string_view name) {
    for (const Metric& member : sample.members) {
        if (member.name == name) return std::get<double>(member.value);
    }
    return std::nan("");
}

bool has(const CncSample& sample, std::string_view name) {
    return !std::isnan(value_of(sample, name));
}

Fault fault(std::string_view text) {
    return *parse_fault(text, CncMachine::metric_names());
}

TEST(CncMachine, SameSeedSameSamples) {
    CncMachine one{42};
    CncMachine same{42};
    CncMachine other{43};
    bool differs = false;
    for (int i = 0; i < 500; ++i) {
        const auto sample = one.next(500ms);
        const auto twin = same.next(500ms);
        ASSERT_EQ(sample->members, twin->members);
        ASSERT_EQ(sample->safety, twin->safety);
        differs = differs || sample->members != other.next(500ms)->members;
    }
    EXPECT_TRUE(differs);
}

TEST(CncMachine, GoesThroughAllPhasesAndStaysPlausible) {
    CncMachine machine{7};
    std::set<Phase> phases;
    std::map<std::string, double> highest;
    double cutting_current = 0;
    double idle_current = 0;
    for (int i = 0; i < 4 * 3600; ++i) {
        const auto sample = machine.next(1s);
        ASSERT_TRUE(sample);
        EXPECT_EQ(sample->offset, std::chrono::seconds{i + 1});
        EXPECT_EQ(sample->clock_error, 0s);
        phases.insert(machine.phase());
        for (const std::string_view name : CncMachine::metric_names()) {
            const double value = value_of(*sample, name);
            ASSERT_TRUE(std::isfinite(value)) << name;
            ASSERT_GE(value, 0) << name;
            auto& top = highest[std::string{name}];
            top = std::max(top, value);
        }
        const double current = value_of(*sample, "current");
        if (machine.phase() == Phase::cutting) cutting_current = std::max(cutting_current, current);
        if (machine.phase() == Phase::idle) idle_current = std::max(idle_current, current);
        EXPECT_EQ(sample->safety.door_closed, machine.phase() != Phase::tool_change);
    }
    EXPECT_EQ(phases.size(), 5U) << "all phases, the tool change among them, in four hours";
    EXPECT_GT(cutting_current, 12);
    EXPECT_LT(highest["current"], 60);
    EXPECT_GT(highest["temperature"], 30);
    EXPECT_LT(highest["temperature"], 85);
    EXPECT_GT(highest["spindle_speed"], 3000);
    EXPECT_LT(highest["spindle_speed"], 8100);
    EXPECT_GT(highest["part_count"], 100);
}

TEST(CncMachine, VibrationGrowsWithWearUntilTheToolIsChanged) {
    CncMachine machine{7};
    double fresh_sum = 0;
    double worn_sum = 0;
    int fresh = 0;
    int worn = 0;
    int changes = 0;
    double last_wear = 0;
    for (int i = 0; i < 8 * 3600; ++i) {
        const auto sample = machine.next(1s);
        if (machine.tool_wear() < last_wear) {
            ++changes;
            EXPECT_EQ(machine.tool_wear(), 0);
        }
        last_wear = machine.tool_wear();
        if (machine.phase() != Phase::cutting) continue;
        const double vibration = value_of(*sample, "vibration");
        if (machine.tool_wear() < 0.2) {
            fresh_sum += vibration;
            ++fresh;
        } else if (machine.tool_wear() > 0.8) {
            worn_sum += vibration;
            ++worn;
        }
    }
    ASSERT_GT(fresh, 100);
    ASSERT_GT(worn, 100);
    EXPECT_GE(changes, 2);
    EXPECT_GT(worn_sum / worn, 1.5 * fresh_sum / fresh);
}

TEST(CncMachine, TemperatureHasInertia) {
    CncMachine machine{3};
    double last = value_of(*machine.next(1s), "temperature");
    for (int i = 0; i < 3600; ++i) {
        const double now = value_of(*machine.next(1s), "temperature");
        EXPECT_LT(std::abs(now - last), 1) << "in one second";
        last = now;
    }
}

TEST(CncMachine, FaultOnlyTouchesItsMetric) {
    CncMachine healthy{5};
    CncMachine faulty{5, {fault("spike:temperature@10s/5s*4")}};
    for (int i = 1; i <= 20; ++i) {
        const auto good = healthy.next(1s);
        const auto bad = faulty.next(1s);
        const bool active = i >= 10 && i < 15;
        EXPECT_EQ(value_of(*bad, "temperature") > 3.9 * value_of(*good, "temperature"), active)
            << i;
        EXPECT_EQ(value_of(*bad, "current"), value_of(*good, "current"));
    }
}

TEST(CncMachine, GapsAndSkew) {
    CncMachine machine{
        5, {fault("gap@3s/2s"), fault("gap:current@7s/1s"), fault("skew@9s/1s*-60")}};
    std::vector<int> silent;
    for (int i = 1; i <= 10; ++i) {
        const auto sample = machine.next(1s);
        if (!sample) {
            silent.push_back(i);
            continue;
        }
        EXPECT_EQ(sample->offset, std::chrono::seconds{i}) << "time goes on in a gap";
        EXPECT_EQ(has(*sample, "current"), i != 7);
        EXPECT_TRUE(has(*sample, "temperature"));
        EXPECT_EQ(sample->clock_error, i == 9 ? -60s : 0s);
    }
    EXPECT_EQ(silent, (std::vector<int>{3, 4}));
}

TEST(CncMachine, PayloadIsAReadingWithQuantitiesOfTheRightNames) {
    CncMachine machine{1};
    const auto sample = machine.next(1s);
    std::string payload;
    append_reading_payload(payload, "cnc-01", Timestamp{} + sample->offset, 1, sample->members);
    const auto json = nlohmann::json::parse(payload);
    for (const std::string_view name : k_quantity_names) {
        EXPECT_TRUE(json.at(std::string{name}).is_number()) << name;
    }
    EXPECT_TRUE(json.at("is_safe").is_boolean());
    EXPECT_TRUE(json.at("state").is_string());
    EXPECT_LT(payload.size(), 500U);
}

TEST(CncMachine, LongStepsAreTakenInSmallOnes) {
    CncMachine machine{1};
    for (int i = 0; i < 100; ++i) {
        const auto sample = machine.next(10min);
        for (const std::string_view name : CncMachine::metric_names()) {
            ASSERT_TRUE(std::isfinite(value_of(*sample, name)));
        }
    }
    EXPECT_EQ(machine.offset(), 1000min);
}

TEST(CncMachine, is_out_of_balance_only_while_it_turns) {
    CncMachine good{5};
    CncMachine bad{5, {fault("imbalance@0/1h*3")}};
    bool differed = false;
    for (int i = 0; i < 600; ++i) {
        const auto right = good.next(1s);
        const auto wrong = bad.next(1s);
        const bool turns = value_of(*right, "spindle_speed") > 1000;
        if (turns) {
            EXPECT_GT(value_of(*wrong, "vibration_1x"), value_of(*right, "vibration_1x"));
            EXPECT_GE(value_of(*wrong, "vibration"), value_of(*right, "vibration"));
            differed = true;
        }
        EXPECT_EQ(value_of(*wrong, "current"), value_of(*right, "current"));
    }
    EXPECT_TRUE(differed);
}

TEST(CncMachine, a_decoupled_current_stays_within_what_is_usual) {
    CncMachine good{5};
    CncMachine bad{5, {fault("decouple@0/2h")}};
    double highest = 0;
    double highest_wrong = 0;
    bool differed = false;
    for (int i = 0; i < 3600; ++i) {
        const auto right = good.next(1s);
        const auto wrong = bad.next(1s);
        highest = std::max(highest, value_of(*right, "current"));
        highest_wrong = std::max(highest_wrong, value_of(*wrong, "current"));
        differed =
            differed || std::abs(value_of(*right, "current") - value_of(*wrong, "current")) > 5;
        EXPECT_EQ(value_of(*wrong, "power_kw"), value_of(*right, "power_kw"));
    }
    EXPECT_TRUE(differed);
    EXPECT_LT(highest_wrong, 1.2 * highest);
}

}  // namespace
}  // namespace modax::simulation
