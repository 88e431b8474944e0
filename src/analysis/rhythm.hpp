// How often a signal comes, and when it is late: longer than three of its intervals and than three
// of its usual longest gaps. Owned by one signal or device; not thread-safe.
#pragma once

#include "analysis/running.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <chrono>

namespace modax::analysis {

class Rhythm {
public:
    static constexpr double k_intervals = 3;
    static constexpr double k_gaps = 3;
    static constexpr double k_warm_up = 50;       // samples
    static constexpr double k_least_seconds = 1;  // below it nobody calls it a dropout

    // True when the gap before this sample was a dropout.
    bool arrived(Timestamp time) {
        const double gap = seconds_since(time);
        const bool first = samples_ == 0;
        const bool was_late = is_late(time);
        if (!first && gap > 0) {
            if (!was_late) {
                interval_.add(gap);
                longest_ = std::max(longest_ + (interval_.mean() - longest_) * 0.001, gap);
            } else {
                // A gap that comes again and again is the rhythm.
                longest_ += 0.2 * (std::min(gap, 10 * longest_ + interval_.mean()) - longest_);
            }
        }
        if (first || gap > 0) last_ = time;
        samples_ = std::min(samples_ + 1, 1e7F);
        return was_late;
    }
    bool is_late(Timestamp now) const {
        return static_cast<double>(samples_) >= k_warm_up && seconds_since(now) > patience();
    }
    // Seconds after which the signal counts as gone.
    double patience() const {
        return std::max({k_intervals * interval_.mean(), k_gaps * longest_, k_least_seconds});
    }
    double interval_seconds() const { return interval_.mean(); }
    Timestamp last() const { return last_; }

    template <class A>
    void archive(A& a) {
        auto micros = to_micros(last_);
        a(interval_, longest_, micros, samples_);
        last_ = from_micros(micros);
    }

private:
    double seconds_since(Timestamp time) const {
        return std::chrono::duration<double>(time - last_).count();
    }

    RunningMean interval_{200};
    double longest_ = 0;
    Timestamp last_{};
    float samples_ = 0;
};

}  // namespace modax::analysis
