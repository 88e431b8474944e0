#include "simulation/cnc_machine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace modax::simulation {
namespace {

constexpr double k_ambient = 21.0;          // °C
constexpr double k_heating = 48.0;          // K above ambient at full load, in the long run
constexpr double k_heat_time = 420.0;       // s, time constant of the spindle housing
constexpr double k_coolant_heating = 9.0;   // K
constexpr double k_coolant_time = 1800.0;   // s
constexpr double k_coolant_loss = 0.004;    // % per second of cutting
constexpr double k_max_speed = 8000.0;      // 1/min
constexpr double k_speed_time = 0.8;        // s, time constant of the spindle drive
constexpr double k_feed_time = 0.3;         // s
constexpr double k_load_time = 0.4;         // s
constexpr double k_worn_out = 0.95;         // the tool is changed from here on
constexpr double k_longest_substep = 0.25;  // s
constexpr double k_lightest_cut = 0.35;     // of the load
constexpr double k_heaviest_cut = 0.8;
constexpr double k_rated_current = 28.0;      // A
constexpr double k_temperature_limit = 85.0;  // °C

constexpr std::array<std::string_view, 12> k_metric_names{
    "temperature",
    "current",
    "vibration",
    "spindle_speed",
    "power_kw",
    "feed_rate",
    "spindle_load",
    "coolant_temperature",
    "coolant_level",
    "tool_number",
    "part_count",
    "vibration_1x"};

std::string_view phase_name(CncMachine::Phase phase) {
    constexpr std::array<std::string_view, 5> k_names{
        "idle", "ramp_up", "cutting", "ramp_down", "tool_change"};
    return k_names[static_cast<std::size_t>(phase)];
}

// One step of a first-order lag.
double approach(double value, double target, double seconds, double time_constant) {
    return value + (target - value) * std::min(1.0, seconds / time_constant);
}

}  // namespace

CncMachine::CncMachine(std::uint64_t seed, std::vector<Fault> faults)
    : random_state_{seed},
      faults_{std::move(faults)},
      temperature_{k_ambient},
      coolant_temperature_{k_ambient} {
    tool_number_ = 1 + static_cast<int>(uniform(0, 20));
    tool_life_ = uniform(1200, 2400);
    // Machines that start together are not in step.
    enter(Phase::idle);
    phase_left_ = uniform(0.5, 6);
}

std::span<const std::string_view> CncMachine::metric_names() {
    return k_metric_names;
}

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): the same
// everywhere, which the distributions of <random> are not.
double CncMachine::uniform(double from, double to) {
    random_state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = random_state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    mixed ^= mixed >> 31U;
    return from + (to - from) * (static_cast<double>(mixed >> 11U) * 0x1.0p-53);
}

// Nearly normal, with standard deviation `spread` (Irwin-Hall of four).
double CncMachine::noise(double spread) {
    const double sum = uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1);
    return sum * spread * 0.8660254037844386;  // sqrt(3 / 4)
}

void CncMachine::enter(Phase phase) {
    phase_ = phase;
    switch (phase) {
        case Phase::idle:
            phase_left_ = uniform(4, 12);
            break;
        case Phase::ramp_up:
            cut_.spindle_speed = std::round(uniform(24, 70)) * 100;
            cut_.feed_rate = std::round(uniform(40, 160)) * 10;
            cut_.load = uniform(k_lightest_cut, k_heaviest_cut);
            cut_.program = 1000 + static_cast<int>(uniform(0, 12));
            phase_left_ = uniform(2, 4);
            break;
        case Phase::cutting:
            phase_left_ = uniform(20, 60);
            break;
        case Phase::ramp_down:
            ++part_count_;
            phase_left_ = uniform(2, 3);
            break;
        case Phase::tool_change:
            phase_left_ = uniform(12, 20);
            break;
    }
}

void CncMachine::enter_next_phase() {
    switch (phase_) {
        case Phase::idle:
            enter(wear_ >= k_worn_out ? Phase::tool_change : Phase::ramp_up);
            break;
        case Phase::ramp_up:
            enter(Phase::cutting);
            break;
        case Phase::cutting:
            enter(Phase::ramp_down);
            break;
        case Phase::ramp_down:
            enter(Phase::idle);
            break;
        case Phase::tool_change:
            wear_ = 0;
            tool_life_ = uniform(1200, 2400);
            tool_number_ = tool_number_ % 20 + 1;
            coolant_level_ = 95;
            enter(Phase::idle);
            break;
    }
}

void CncMachine::advance(double seconds) {
    phase_left_ -= seconds;
    if (phase_left_ <= 0) enter_next_phase();
    const bool cutting = phase_ == Phase::cutting;
    const bool turning = cutting || phase_ == Phase::ramp_up;
    spindle_speed_ =
        approach(spindle_speed_, turning ? cut_.spindle_speed : 0, seconds, k_speed_time);
    feed_rate_ = approach(feed_rate_, cutting ? cut_.feed_rate : 0, seconds, k_feed_time);
    // A worn tool needs more force for the same cut.
    const double friction = 0.08 * spindle_speed_ / k_max_speed;
    const double wanted = friction + (cutting ? cut_.load * (1 + 0.35 * wear_) : 0);
    load_ = approach(load_, wanted, seconds, k_load_time);
    temperature_ = approach(temperature_, k_ambient + k_heating * load_, seconds, k_heat_time);
    coolant_temperature_ = approach(
        coolant_temperature_, k_ambient + k_coolant_heating * load_, seconds, k_coolant_time
    );
    if (cutting) {
        wear_ = std::min(1.0, wear_ + seconds * load_ / tool_life_);
        coolant_level_ = std::max(5.0, coolant_level_ - k_coolant_loss * seconds);
    }
}

// As the current shows it: while decoupled, a light cut looks like a heavy one and the other way
// round, each within what is usual.
double CncMachine::load_at_the_drive() const {
    const double share = faults_.strength(Fault::Kind::decouple, offset_);
    if (share == 0 || phase_ != Phase::cutting) return load_;
    const double cut = load_ - 0.08 * spindle_speed_ / k_max_speed;
    const double mirrored = cut * (k_lightest_cut + k_heaviest_cut - cut_.load) / cut_.load;
    return load_ + share * (mirrored - cut);
}

std::optional<CncSample> CncMachine::next(std::chrono::microseconds step) {
    const double seconds = static_cast<double>(step.count()) * 1e-6;
    const int substeps = std::max(1, static_cast<int>(std::ceil(seconds / k_longest_substep)));
    for (int i = 0; i < substeps; ++i) advance(seconds / substeps);
    offset_ += step;
    CncSample made = sample();
    if (faults_.is_silent(offset_)) return std::nullopt;
    return made;
}

CncSample CncMachine::sample() {
    CncSample made;
    made.offset = offset_;
    made.clock_error = faults_.clock_error(offset_);
    made.members.reserve(k_metric_names.size() + 3);
    const double speed = spindle_speed_ / k_max_speed;
    const double current = 1.8 + 30 * load_at_the_drive() + noise(0.15);
    const double power = 0.35 + load_ * 11 * (0.35 + 0.65 * speed) + noise(0.03);
    const double rumble = 0.12 + 0.7 * speed + 1.1 * load_;
    const double chatter = phase_ == Phase::cutting ? 2.4 * wear_ * wear_ : 0;
    const double unbalance = faults_.strength(Fault::Kind::imbalance, offset_) * speed * speed;
    const double vibration =
        std::hypot((rumble + chatter) * (1 + noise(0.04)), std::max(0.0, unbalance));
    const bool turns = spindle_speed_ > 1;

    made.safety.door_closed = phase_ != Phase::tool_change;
    made.safety.overload_detected = current > k_rated_current * 1.2;
    made.safety.temperature_ok = temperature_ < k_temperature_limit;
    add(made, "temperature", temperature_ + noise(0.05), 0.01);
    add(made, "current", std::max(0.0, current), 0.01);
    add(made, "vibration", std::max(0.0, vibration), 0.001);
    add(made, "spindle_speed", turns ? std::max(0.0, spindle_speed_ + noise(2)) : 0, 1);
    add(made, "power_kw", std::max(0.0, power), 0.001);
    add(made, "feed_rate", feed_rate_ > 1 ? feed_rate_ : 0, 1);
    made.members.push_back({"is_safe", made.safety == SafetyState{}});
    add(made, "spindle_load", 100 * load_, 0.1);
    add(made, "coolant_temperature", coolant_temperature_ + noise(0.02), 0.01);
    add(made, "coolant_level", coolant_level_, 0.1);
    add(made, "tool_number", tool_number_, 1);
    add(made, "part_count", part_count_, 1);
    // The part of the vibration that turns with the spindle, as an edge device computes it.
    const double once = (0.05 + 0.3 * speed * speed) * (1 + noise(0.04)) + unbalance;
    add(made, "vibration_1x", std::max(0.0, once), 0.001);
    made.members.push_back({"program", "O" + std::to_string(cut_.program)});
    made.members.push_back({"state", std::string{phase_name(phase_)}});
    return made;
}

void CncMachine::add(CncSample& sample, std::string_view name, double value, double resolution) {
    value = faults_.shown(name, value, offset_);
    if (std::isnan(value)) return;
    // As a sensor's converter would; dividing keeps the decimals short.
    const double steps = std::round(1 / resolution);
    sample.members.push_back({std::string{name}, std::round(value * steps) / steps});
}

}  // namespace modax::simulation
