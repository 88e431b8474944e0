// Trials of the analysis on simulated machines: a machine runs as usual, then shows one fault; what
// does the analysis say, and when? The same for the table in docs/analysis.md and for the tests.
// Deterministic by seed; single-threaded.
#pragma once

#include "analysis/device_model.hpp"
#include "support/synthetic_readings.hpp"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::test {

// A fault at two sizes, what it is to be called, and how long that may take.
struct FaultCase {
    std::string_view name;
    simulation::Fault::Kind kind{};
    std::string_view metric;  // empty: of the whole machine
    std::chrono::seconds duration{0};
    double full = 1;
    double half = 1;
    // At half size stuck and gap take half the time instead.
    bool half_is_shorter = false;
    AnomalyType expected{};
    std::chrono::seconds delay{0};

    simulation::Fault fault(bool whole, std::chrono::microseconds start) const {
        const bool shorter = half_is_shorter && !whole;
        return {
            .kind = kind,
            .metric = std::string{metric},
            .start = start,
            .duration = shorter ? duration / 2 : duration,
            .magnitude = whole ? full : half};
    }
};

namespace trial {
using std::chrono::seconds;
using Kind = simulation::Fault::Kind;
using Type = AnomalyType;
}  // namespace trial

// A level shift is the simulator's spike that stays.
inline constexpr std::array<FaultCase, 16> k_fault_cases{{
    {"spike",
     trial::Kind::spike,
     "temperature",
     trial::seconds{5},
     3,
     2,
     false,
     trial::Type::spike,
     trial::seconds{10}},
    {"spike",
     trial::Kind::spike,
     "current",
     trial::seconds{5},
     3,
     2,
     false,
     trial::Type::spike,
     trial::seconds{10}},
    {"spike",
     trial::Kind::spike,
     "vibration",
     trial::seconds{5},
     3,
     2,
     false,
     trial::Type::spike,
     trial::seconds{10}},
    {"level shift",
     trial::Kind::spike,
     "temperature",
     trial::seconds{600},
     1.5,
     1.25,
     false,
     trial::Type::level_shift,
     trial::seconds{180}},
    {"level shift",
     trial::Kind::spike,
     "current",
     trial::seconds{600},
     1.5,
     1.25,
     false,
     trial::Type::level_shift,
     trial::seconds{180}},
    {"level shift",
     trial::Kind::spike,
     "vibration",
     trial::seconds{600},
     1.5,
     1.25,
     false,
     trial::Type::level_shift,
     trial::seconds{180}},
    {"drift",
     trial::Kind::drift,
     "temperature",
     trial::seconds{600},
     1.5,
     1.25,
     false,
     trial::Type::drift,
     trial::seconds{600}},
    {"drift",
     trial::Kind::drift,
     "current",
     trial::seconds{600},
     1.5,
     1.25,
     false,
     trial::Type::drift,
     trial::seconds{600}},
    {"drift",
     trial::Kind::drift,
     "vibration",
     trial::seconds{600},
     1.5,
     1.25,
     false,
     trial::Type::drift,
     trial::seconds{600}},
    {"stuck",
     trial::Kind::stuck,
     "temperature",
     trial::seconds{60},
     1,
     1,
     true,
     trial::Type::stuck,
     trial::seconds{60}},
    {"stuck",
     trial::Kind::stuck,
     "current",
     trial::seconds{60},
     1,
     1,
     true,
     trial::Type::stuck,
     trial::seconds{60}},
    {"stuck",
     trial::Kind::stuck,
     "vibration",
     trial::seconds{60},
     1,
     1,
     true,
     trial::Type::stuck,
     trial::seconds{60}},
    {"dropout",
     trial::Kind::gap,
     "temperature",
     trial::seconds{30},
     1,
     1,
     true,
     trial::Type::dropout,
     trial::seconds{20}},
    {"dropout",
     trial::Kind::gap,
     "",
     trial::seconds{30},
     1,
     1,
     true,
     trial::Type::dropout,
     trial::seconds{20}},
    {"correlation break",
     trial::Kind::decouple,
     "",
     trial::seconds{600},
     1,
     0.5,
     false,
     trial::Type::correlation_break,
     trial::seconds{300}},
    {"imbalance",
     trial::Kind::imbalance,
     "",
     trial::seconds{600},
     2,
     1,
     false,
     trial::Type::spectral_change,
     trial::seconds{180}},
}};

// One simulated machine and the model that watches it.
class TrialRun {
public:
    TrialRun(
        std::uint64_t seed, std::chrono::microseconds step, std::vector<simulation::Fault> faults
    )
        : machine_{seed, std::move(faults)}, step_{step} {}

    std::chrono::microseconds offset() const { return machine_.offset(); }
    // Lets the machine run on, unwatched.
    void pass(std::chrono::microseconds until) {
        while (machine_.offset() < until) machine_.next(step_);
    }
    // nullopt: neither a reading nor a second without one.
    std::optional<analysis::DeviceModel::Row> next(analysis::DeviceModel& model) {
        if (const auto sample = machine_.next(step_)) {
            return model.step(reading_of(model.device(), *sample));
        }
        if (machine_.offset() % std::chrono::seconds{1} >= step_) return std::nullopt;
        return model.tick(k_synthetic_start + machine_.offset());
    }

private:
    simulation::CncMachine machine_;
    std::chrono::microseconds step_;
};

struct TrialOutcome {
    bool found = false;     // an alarm began, or took on a new type, within the delay
    bool labelled = false;  // and within the delay it had the right type, to which it kept
    double delay_seconds = 0;
    std::string shown;  // the type at the end of the delay
};

// `usual`: the model after the machine of that seed ran as usual until `start`.
inline TrialOutcome try_fault(
    const analysis::DeviceModel& usual,
    std::uint64_t seed,
    std::chrono::microseconds step,
    const FaultCase& fault,
    bool whole,
    std::chrono::microseconds start
) {
    analysis::DeviceModel model = usual;
    TrialRun run{seed, step, {fault.fault(whole, start)}};
    run.pass(start);
    TrialOutcome outcome;
    bool had = model.describe().has_anomaly;
    AnomalyType was = had ? *model.describe().anomaly_type : AnomalyType::spike;
    while (run.offset() < start + fault.delay) {
        const auto row = run.next(model);
        if (!row) continue;
        const bool news = row->has_anomaly && (!had || row->type != was);
        if (news && !outcome.found) {
            outcome.found = true;
            outcome.delay_seconds = std::chrono::duration<double>(run.offset() - start).count();
        }
        if (row->has_anomaly && outcome.found) {
            outcome.labelled = row->type == fault.expected;
            outcome.shown = name_of(row->type);
        }
        had = row->has_anomaly;
        was = row->type;
    }
    return outcome;
}

// The model of a machine that ran as usual for so long.
inline analysis::DeviceModel after_usual(
    const Device& device,
    std::uint64_t seed,
    std::chrono::microseconds step,
    std::chrono::microseconds until
) {
    analysis::DeviceModel model{device, {}};
    TrialRun run{seed, step, {}};
    while (run.offset() < until) run.next(model);
    return model;
}

// Alarms by type in a machine's first `length` without a fault.
inline std::map<std::string, int> healthy_alarms(
    std::uint64_t seed,
    std::chrono::microseconds step,
    std::chrono::microseconds from,
    std::chrono::microseconds length
) {
    const Device device{1, "cnc-01", {}};
    analysis::DeviceModel model{device, {}};
    TrialRun run{seed, step, {}};
    std::map<std::string, int> alarms;
    bool had = false;
    while (run.offset() < from + length) {
        const auto row = run.next(model);
        if (!row) continue;
        if (row->has_anomaly && !had && run.offset() >= from) {
            const Analysis said = model.describe();
            ++alarms
                [std::string{name_of(row->type)} + " " +
                 (said.metrics.empty() ? "" : said.metrics.front().name)];
        }
        had = row->has_anomaly;
    }
    return alarms;
}

}  // namespace modax::test
