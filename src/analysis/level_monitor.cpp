#include "analysis/level_monitor.hpp"

#include <algorithm>
#include <cmath>

namespace modax::analysis {
namespace {

constexpr double k_to_deviation = 1.2533;  // of a normal distribution, from mean absolute deviation
constexpr double k_first_sign = 0.25;      // of the limit
constexpr double k_sample_limits = 2.5;    // how far one sample counts, in limits
constexpr float k_free = 60;               // samples whose distance is taken as it is
// A level that never moved gets a scale of this share of its size: a converter's last digits.
constexpr double k_least_scale = 1e-4;

}  // namespace

double LevelMonitor::scale() const {
    const double least = k_least_scale * std::abs(baseline_.mean()) + 1e-9;
    return std::max(scale_.mean() * k_to_deviation, least);
}

void LevelMonitor::step(double value, bool learn) {
    if (baseline_.count() == 0) baseline_.add(value);
    if (warm()) {
        // A few samples, however far away, are a spike and no level.
        const double most = k_sample_limits * options_.limit * scale();
        value = std::clamp(value, baseline_.mean() - most, baseline_.mean() + most);
    }
    fast_.add(value);
    count_ = std::min(count_ + 1, 1e7F);
    const double away = fast_.mean() - baseline_.mean();
    distance_ = warm() ? away / scale() : 0;
    const double size = options_.upward_only ? distance_ : std::abs(distance_);

    climbing_ = size > k_first_sign * options_.limit ? climbing_ + 1 : 0;
    if (!alarm_ && size > options_.limit) {
        alarm_ = true;
        held_ = 0;
        rise_ = climbing_;
    } else if (alarm_ && size < options_.clear_share * options_.limit) {
        alarm_ = false;
    }
    if (alarm_ && ++held_ > options_.hold) {
        restart();
        return;
    }
    if (!learn || alarm_) return;
    const double reach = RobustBaseline::k_clip * scale();
    const double clipped = count_ > RobustBaseline::k_free ? std::clamp(away, -reach, reach) : away;
    // In the beginning the value itself: the smoothed one would count the first samples twice.
    baseline_.add(count_ > RobustBaseline::k_free ? baseline_.mean() + clipped : value);
    scale_.add(count_ > k_free ? std::min(std::abs(away), reach) : std::abs(away));
}

void LevelMonitor::restart() {
    alarm_ = false;
    held_ = climbing_ = 0;
    distance_ = 0;
    baseline_ = RunningMean{options_.slow};
    count_ = 0;
}

}  // namespace modax::analysis
