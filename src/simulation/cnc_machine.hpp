// A CNC milling machine that never was: spindle cycles, heat, load, and a tool that wears. The same
// seed and the same steps give the same samples on every machine; it knows no clock of its own.
// Owned by one caller; not thread-safe.
#pragma once

#include "core/reading.hpp"
#include "core/result.hpp"
#include "simulation/fault.hpp"
#include "simulation/payload.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace modax::simulation {

struct CncSample {
    std::chrono::microseconds offset{0};       // since the start of the simulation
    std::chrono::microseconds clock_error{0};  // add to the timestamp that is sent
    // The six quantities and further metrics, as append_reading_payload() takes them.
    std::vector<Metric> members;
    SafetyState safety;
};

class CncMachine {
public:
    enum class Phase : std::uint8_t { idle, ramp_up, cutting, ramp_down, tool_change };

    explicit CncMachine(std::uint64_t seed, std::vector<Fault> faults = {});

    // Lets `step` (above 0) pass. nullopt while a gap fault keeps the machine silent.
    std::optional<CncSample> next(std::chrono::microseconds step);

    // Names of the numeric values, which faults can be put on.
    static std::span<const std::string_view> metric_names();

    // The truth behind the values, for tests of what looks at them.
    Phase phase() const { return phase_; }
    double tool_wear() const { return wear_; }  // 0: new, 1: worn out
    std::chrono::microseconds offset() const { return offset_; }

private:
    // What the program asks of the machine.
    struct Cut {
        double spindle_speed = 0;  // 1/min
        double feed_rate = 0;      // mm/min
        double load = 0;           // 0..1 with a new tool
        int program = 1000;
    };

    double uniform(double from, double to);
    double noise(double spread);
    void advance(double seconds);
    void enter(Phase phase);
    void enter_next_phase();
    CncSample sample();
    double load_at_the_drive() const;
    void add(CncSample& sample, std::string_view name, double value, double resolution);

    std::uint64_t random_state_;
    FaultyView faults_;
    std::chrono::microseconds offset_{0};
    Phase phase_ = Phase::idle;
    double phase_left_ = 0;  // seconds
    Cut cut_;
    double spindle_speed_ = 0;
    double feed_rate_ = 0;
    double load_ = 0;
    double temperature_;
    double coolant_temperature_;
    double coolant_level_ = 95;  // %
    double wear_ = 0;
    double tool_life_ = 0;  // seconds of cutting at full load
    int tool_number_ = 1;
    int part_count_ = 0;
};

}  // namespace modax::simulation
