#include "analysis/tail_model.hpp"

#include <algorithm>
#include <cmath>

namespace modax::analysis {
namespace {

constexpr double k_tail = 0.02;            // share of samples above the quantile
constexpr float k_first_samples = 30;      // the quantile begins as their maximum
constexpr double k_lightest_index = 0.12;  // about that of a normal distribution
constexpr double k_largest_ratio = 1e6;
constexpr double k_step = 0.03;  // of the quantile, in logarithms

}  // namespace

double TailModel::surprise(double statistic) const {
    if (count_ < k_first_samples || statistic <= quantile_) return 0;
    if (quantile_ <= 0) return 3;  // something where there was never anything
    return std::log10(statistic / quantile_) / std::max(index_, k_lightest_index);
}

void TailModel::learn(double statistic, double weight) {
    count_ = std::min(count_ + 1, 1e7F);
    if (count_ <= k_first_samples || quantile_ <= 0) {
        quantile_ = std::max(quantile_, statistic);
        return;
    }
    const double step = std::max(k_step, 3.0 / static_cast<double>(count_)) * weight;
    if (statistic <= quantile_) {
        quantile_ *= 1 - step * k_tail;
        return;
    }
    const double excess = std::log(std::min(statistic / quantile_, k_largest_ratio));
    const double rate = std::max(k_tail, 1 / (static_cast<double>(count_) * k_tail + 5)) * weight;
    index_ += rate * (excess - index_);
    quantile_ *= 1 + step * (1 - k_tail);
}

}  // namespace modax::analysis
