// Readings of machines that never were, for tests of what looks at them: noise from a seed, the
// same on every machine.
#pragma once

#include "core/reading.hpp"
#include "simulation/cnc_machine.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace modax::test {

inline constexpr Timestamp k_synthetic_start = from_micros(1'750'000'000'000'000);

// SplitMix64.
class Noise {
public:
    explicit Noise(std::uint64_t seed) : state_{seed} {}
    double uniform() {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
        mixed ^= mixed >> 31U;
        return static_cast<double>(mixed >> 11U) * 0x1.0p-53;
    }
    // Nearly normal, standard deviation 1.
    double normal() {
        double sum = 0;
        for (int i = 0; i < 12; ++i) sum += uniform();
        return sum - 6;
    }

private:
    std::uint64_t state_;
};

inline Reading reading_at(const Device& device, std::chrono::microseconds offset) {
    Reading reading;
    reading.device = &device;
    reading.time = k_synthetic_start + offset;
    reading.received = reading.time;
    return reading;
}

// The simulator's sample as the gateway would decode it.
inline Reading reading_of(const Device& device, const simulation::CncSample& sample) {
    Reading reading = reading_at(device, sample.offset);
    for (const Metric& member : sample.members) {
        if (member.name == "is_safe") {
            reading.is_safe = std::get<bool>(member.value);
            continue;
        }
        bool known = false;
        for (std::size_t i = 0; i < k_quantity_count; ++i) {
            if (member.name != k_quantity_names[i]) continue;
            reading.quantities[i] = std::get<double>(member.value);
            known = true;
        }
        if (!known) reading.metrics.push_back(member);
    }
    return reading;
}

}  // namespace modax::test
