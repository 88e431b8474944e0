// How surprising is this sample after all samples before it? Several statistics, each against its
// own past (tail_model.hpp), combined. What was surprising a moment ago is no longer news, so that
// an anomaly shows at its beginning and when it grows. Rate-free: all spans count samples. Owned by
// one signal; not thread-safe.
#pragma once

#include "analysis/day_profile.hpp"
#include "analysis/occupancy.hpp"
#include "analysis/running.hpp"
#include "analysis/tail_model.hpp"

#include <array>
#include <cstdint>

namespace modax::analysis {

enum class Statistic : std::uint8_t {
    residual,  // distance from the last few samples
    variance,  // |log ratio| of recent to usual change from sample to sample
    daytime,   // recent distance from this time of the day
    range,     // beyond everything seen so far
    cluster,   // many slightly unusual samples together
    sequence,  // rare after the recent level
    level,     // distance of the recent level from the slow one; only as a part of `cluster`
};
inline constexpr std::size_t k_statistic_count = 7;

struct Surprise {
    double total = 0;  // decades beyond the usual, all statistics
    double news = 0;   // what of it was not there before; 0 or more
    Statistic leading = Statistic::residual;
    double leading_value = 0;
};

class SurpriseDetector {
public:
    // Looks at the value with what is known before it; then learns it when `learn`.
    Surprise step(Timestamp time, double value, double interval_seconds, bool learn);

    // Of the recent past, for what is expected next.
    double recent() const { return fast_.mean(); }
    double level() const { return slow_.location(); }
    double scale() const { return slow_.scale(); }
    double usual_change() const { return change_.mean(); }
    double recent_change() const { return recent_change_.mean(); }
    // How far from recent() a sample usually lies at most.
    double reach() const { return tails_[0].quantile(); }
    double samples() const { return static_cast<double>(count_); }

    template <class A>
    void archive(A& a) {
        a(count_,
          previous_,
          lowest_,
          highest_,
          known_,
          fast_,
          level_,
          slow_,
          change_,
          recent_change_,
          daytime_,
          cluster_,
          occupancy_,
          profile_,
          tails_);
    }

private:
    void learn(Timestamp time, double value, double interval_seconds);

    std::uint64_t count_ = 0;
    double previous_ = 0;
    double lowest_ = 0;
    double highest_ = 0;
    double known_ = 0;  // surprise that is no longer news
    RunningMean fast_{4};
    RunningMean level_{8};
    RobustBaseline slow_{300};
    RunningMean change_{300};  // |sample - previous|, clipped
    RunningMean recent_change_{20};
    RunningMean daytime_{20};
    RunningMean cluster_{10};
    Occupancy occupancy_;
    DayProfile profile_;
    std::array<TailModel, k_statistic_count> tails_;
};

}  // namespace modax::analysis
