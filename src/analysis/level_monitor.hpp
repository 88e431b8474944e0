// Is the level of a signal where it used to be? Compares a smoothed value with a slow baseline, in
// units of how much that distance usually is, so that a signal that always wanders needs a larger
// shift than a quiet one. While it alarms the baseline stands still, so the alarm lasts as long as
// the shift; after a long time the new level becomes the baseline. An EWMA control chart (Roberts,
// Control Chart Tests Based on Geometric Moving Averages, 1959) with limits from the signal's own
// past, which allows for autocorrelation. Owned by one signal; not thread-safe.
#pragma once

#include "analysis/running.hpp"

#include <cstdint>

namespace modax::analysis {

class LevelMonitor {
public:
    static constexpr double k_limit = 8;

    struct Options {
        float fast = 15;           // samples of the smoothed value
        float slow = 400;          // samples of the baseline
        float warm_up = 300;       // samples before the first alarm
        float hold = 3600;         // samples of an alarm until the new level is accepted
        double limit = k_limit;    // scales: the alarm begins
        double clear_share = 0.6;  // of the limit: the alarm ends (deadband)
        bool upward_only = false;
        bool operator==(const Options&) const = default;
    };

    LevelMonitor() : LevelMonitor(Options{}) {}
    explicit LevelMonitor(const Options& options)
        : options_{options}, fast_{options.fast}, baseline_{options.slow}, scale_{options.slow} {}

    // `learn` false: the baseline stands still.
    void step(double value, bool learn);

    // From now on. Not part of the state.
    void limit_to(double scales) { options_.limit = scales; }

    bool alarm() const { return alarm_; }
    // Signed distance in scales; 0 during the warm-up.
    double distance() const { return distance_; }
    double limit() const { return options_.limit; }
    bool warm() const { return count_ >= options_.warm_up; }
    // Samples from the first sign to the alarm: short for a step, long for a drift.
    float rise() const { return rise_; }
    double smoothed() const { return fast_.mean(); }
    double baseline() const { return baseline_.mean(); }
    // Half the width of what is expected.
    double reach() const { return options_.limit * scale(); }
    // Forgets the level but not how much it wanders.
    void restart();

    template <class A>
    void archive(A& a) {
        a(fast_, baseline_, scale_, count_, held_, rise_, climbing_, distance_, alarm_);
    }

private:
    double scale() const;

    Options options_;
    RunningMean fast_;
    RunningMean baseline_;
    RunningMean scale_;
    float count_ = 0;
    float held_ = 0;
    float rise_ = 0;
    float climbing_ = 0;
    double distance_ = 0;
    bool alarm_ = false;
};

}  // namespace modax::analysis
