#include "analysis/wear.hpp"

#include <algorithm>
#include <cmath>

namespace modax::analysis {
namespace {

constexpr double k_micros_per_hour = 3.6e9;
constexpr double k_least_ratio = 2;  // of the drift to its uncertainty
constexpr double k_normal_95 = 1.645;
constexpr double k_near_the_end = 0.8;  // of the way to the limit: intervals are widened
constexpr double k_widening = 1.5;      // measured coverage falls there, see docs/analysis.md
constexpr double k_longest_hours = 10 * 365.25 * 24;

double normal_cdf(double z) {
    return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

// Probability that a Wiener process has come `distance` far within `hours`.
double reached(double hours, double distance, double drift, double deviation) {
    if (hours <= 0) return 0;
    const double spread = deviation * std::sqrt(hours);
    const double direct = normal_cdf((drift * hours - distance) / spread);
    const double exponent = 2 * drift * distance / (deviation * deviation);
    const double mirrored = normal_cdf(-(drift * hours + distance) / spread);
    // The product of a huge and a tiny number: by logarithms, or nothing.
    const double rest = mirrored > 0 ? std::exp(std::min(exponent + std::log(mirrored), 0.0)) : 0;
    return std::min(1.0, direct + rest);
}

double quantile(double share, double distance, double drift, double deviation) {
    double low = 0;
    double high = k_longest_hours;
    for (int i = 0; i < 80; ++i) {
        const double middle = 0.5 * (low + high);
        (reached(middle, distance, drift, deviation) < share ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace

void WearModel::add(Timestamp time, double value) {
    const std::int64_t micros = to_micros(time);
    if (begin_ == 0 || micros < begin_) begin_ = micros;
    if (count_ > 0 && micros - begin_ >= width_) {
        points_.push_back(sum_ / count_);
        sum_ = count_ = 0;
        begin_ = micros;
        if (points_.size() > k_most_points) halve();
    }
    sum_ += value;
    count_ += 1;
}

void WearModel::halve() {
    for (std::size_t i = 0; i + 1 < points_.size(); i += 2) {
        points_[i / 2] = 0.5 * (points_[i] + points_[i + 1]);
    }
    points_.resize(points_.size() / 2);
    width_ *= 2;
}

WearModel::Trend WearModel::trend(bool logarithmic) const {
    std::vector<double> values = points_;
    if (logarithmic) {
        for (double& value : values) value = std::log(value);
    }
    const double step = static_cast<double>(width_) / k_micros_per_hour;
    const auto size = static_cast<double>(values.size());
    double mean = 0;
    for (const double value : values) mean += value / size;
    const double middle = (size - 1) / 2;
    double along = 0;
    double square = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double at = static_cast<double>(i) - middle;
        along += at * (values[i] - mean);
        square += at * at;
    }
    const double slope = along / square;  // for each point
    double misfit = 0;
    double total = 0;
    double steps = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double line = mean + slope * (static_cast<double>(i) - middle);
        misfit += (values[i] - line) * (values[i] - line);
        total += (values[i] - mean) * (values[i] - mean);
        if (i == 0) continue;
        const double off = values[i] - values[i - 1] - slope;
        steps += off * off;
    }
    Trend found;
    found.drift = slope / step;
    found.deviation = std::sqrt(std::max(steps / ((size - 2) * step), 1e-18));
    found.uncertainty = found.deviation / std::sqrt((size - 1) * step);
    found.fit = total > 0 ? misfit / total : 1;
    found.now = mean + slope * middle;
    return found;
}

WearEstimate WearModel::estimate(const std::string& metric, double limit) const {
    WearEstimate found;
    found.metric = metric;
    if (points_.size() < k_least_points) {
        found.reason = "only " + std::to_string(points_.size()) + " of " +
                       std::to_string(k_least_points) + " points of " + metric + " are known";
        return found;
    }
    const bool positive = *std::min_element(points_.begin(), points_.end()) > 0 && limit > 0;
    Trend now = trend(false);
    bool logarithmic = false;
    if (positive) {
        const Trend grown = trend(true);
        if (grown.fit < now.fit) {
            now = grown;
            logarithmic = true;
        }
    }
    // How far: from where the trend began to the limit.
    const double target = logarithmic ? std::log(limit) : limit;
    const double hours =
        static_cast<double>(points_.size() - 1) * static_cast<double>(width_) / k_micros_per_hour;
    const double begin = now.now - now.drift * hours;
    if (!(now.drift > k_least_ratio * now.uncertainty)) {
        found.reason = metric + " shows no trend towards its limit that is twice its uncertainty";
        return found;
    }
    const double distance = target - now.now;
    found.level = std::clamp((now.now - begin) / std::max(target - begin, 1e-12), 0.0, 1.0);
    if (distance <= 0) {
        found.level = 1;
        found.remaining_hours = found.remaining_low = found.remaining_high = 0;
        return found;
    }
    const double slow = std::max(now.drift - k_normal_95 * now.uncertainty, 0.05 * now.drift);
    const double fast = now.drift + k_normal_95 * now.uncertainty;
    const double median = quantile(0.5, distance, now.drift, now.deviation);
    if (median >= 0.99 * k_longest_hours) {
        found.reason = "at this rate " + metric + " does not reach its limit within ten years";
        return found;
    }
    const double widening = *found.level > k_near_the_end ? k_widening : 1;
    found.remaining_hours = median;
    found.remaining_low = quantile(0.05, distance, fast, now.deviation) / widening;
    found.remaining_high = quantile(0.95, distance, slow, now.deviation) * widening;
    return found;
}

}  // namespace modax::analysis
