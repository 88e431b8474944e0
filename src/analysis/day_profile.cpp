#include "analysis/day_profile.hpp"

#include <algorithm>

namespace modax::analysis {
namespace {

constexpr double k_slot_seconds = 1800;
constexpr double k_days = 6.67;  // remembered

double samples_per_slot(double interval_seconds) {
    return k_slot_seconds / std::max(interval_seconds, 1e-3);
}

}  // namespace

std::size_t DayProfile::slot(Timestamp time) {
    const auto of_day = time - std::chrono::floor<std::chrono::days>(time);
    return static_cast<std::size_t>(of_day / std::chrono::minutes{30});
}

std::optional<double> DayProfile::expected(Timestamp time, double interval_seconds) const {
    const std::size_t at = slot(time);
    if (count_[at] < std::max(6.0, samples_per_slot(interval_seconds))) return std::nullopt;
    return mean_[at];
}

void DayProfile::learn(Timestamp time, double value, double interval_seconds) {
    const std::size_t at = slot(time);
    const double most = std::max(40.0, k_days * samples_per_slot(interval_seconds));
    count_[at] = static_cast<float>(std::min(static_cast<double>(count_[at]) + 1, most));
    mean_[at] += (value - mean_[at]) / static_cast<double>(count_[at]);
}

}  // namespace modax::analysis
