// A stuck sensor shows the same digits for longer than chance allows: the length of the run is
// judged by how often this signal repeats itself, and by its longest run so far. Owned by one
// signal in one operating state; not thread-safe.
#pragma once

#include "analysis/running.hpp"

#include <algorithm>
#include <cmath>

namespace modax::analysis {

class Repetition {
public:
    static constexpr float k_warm_up = 120;  // samples before a run can be judged
    static constexpr float k_shortest = 10;  // samples
    static constexpr double k_decades = 8;   // chance of the run: less than 10^-8
    static constexpr float k_times_longest = 3;

    // Of `run` samples that are all the same?
    bool is_stuck(float run) const {
        if (samples_ < k_warm_up || run < k_shortest || run < k_times_longest * longest_) {
            return false;
        }
        const double repeats = std::clamp(rate_.mean(), 1e-3, 0.999);
        return static_cast<double>(run) * -std::log10(repeats) > k_decades;
    }
    void learn(bool repeated) {
        samples_ = std::min(samples_ + 1, 1e7F);
        rate_.add(repeated ? 1 : 0);
    }
    // A run of so many samples is over, and was no fault.
    void ended(float run) { longest_ = std::max(longest_ * 0.99999F, run); }

    template <class A>
    void archive(A& a) {
        a(rate_, samples_, longest_);
    }

private:
    RunningMean rate_{1000};
    float samples_ = 0;
    float longest_ = 1;
};

}  // namespace modax::analysis
