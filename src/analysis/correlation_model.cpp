#include "analysis/correlation_model.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>

namespace modax::analysis {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

constexpr double k_span = 2000;       // readings remembered
constexpr float k_first_fit = 300;    // readings
constexpr float k_refit = 200;        // readings between two fits
constexpr double k_explained = 0.9;   // of the variance, by the patterns
constexpr double k_shrinkage = 0.02;  // towards independent signals
constexpr double k_clip = 5;          // standard deviations
constexpr double k_least_variance = 1e-12;
constexpr double k_residual_span = 10;

}  // namespace

void CorrelationModel::restart(std::size_t signals) {
    *this = CorrelationModel{};
    mean_.assign(signals, 0);
    covariance_.assign(signals * signals, 0);
    residual_.assign(signals, 0);
}

void CorrelationModel::fit() {
    const auto size = static_cast<Eigen::Index>(mean_.size());
    const Eigen::Map<const Matrix> covariance{covariance_.data(), size, size};
    const Vector deviation = covariance.diagonal().cwiseMax(k_least_variance).cwiseSqrt();
    Matrix correlation = covariance.array() / (deviation * deviation.transpose()).array();
    correlation *= 1 - k_shrinkage;
    correlation.diagonal().array() += k_shrinkage;
    const Eigen::SelfAdjointEigenSolver<Matrix> solver{correlation};
    const Vector& variances = solver.eigenvalues();  // rising
    patterns_.clear();
    pattern_variance_.clear();
    double explained = 0;
    for (Eigen::Index i = size - 1; i > 0 && explained < k_explained * variances.sum(); --i) {
        explained += variances[i];
        pattern_variance_.push_back(variances[i]);
        for (Eigen::Index k = 0; k < size; ++k) patterns_.push_back(solver.eigenvectors()(k, i));
    }
    since_fit_ = 0;
}

void CorrelationModel::step(std::span<const double> values, bool learn) {
    const std::size_t size = values.size();
    if (size < 2 || size > k_most_signals) return;
    if (mean_.size() != size) restart(size);

    Vector scaled(static_cast<Eigen::Index>(size));
    const double weight = 1 / std::min(static_cast<double>(count_) + 1, k_span);
    for (std::size_t i = 0; i < size; ++i) {
        const double variance = covariance_[i * size + i];
        const double away = values[i] - mean_[i];
        const double deviation = std::sqrt(std::max(variance, k_least_variance));
        const bool free = count_ < RobustBaseline::k_free;
        scaled[static_cast<Eigen::Index>(i)] =
            free ? 0 : std::clamp(away / deviation, -k_clip, k_clip);
    }
    if (!patterns_.empty()) {
        Vector rest = scaled;
        t2_ = 0;
        for (std::size_t p = 0; p < pattern_variance_.size(); ++p) {
            const Eigen::Map<const Vector> pattern{
                patterns_.data() + p * size, static_cast<Eigen::Index>(size)};
            const double along = pattern.dot(scaled);
            t2_ += along * along / pattern_variance_[p];
            rest -= along * pattern;
        }
        spe_ = rest.squaredNorm();
        for (std::size_t i = 0; i < size; ++i) {
            const double square = rest[static_cast<Eigen::Index>(i)];
            residual_[i] += (square * square - residual_[i]) / k_residual_span;
        }
        const auto largest = std::max_element(residual_.begin(), residual_.end());
        worst_ = static_cast<std::uint32_t>(largest - residual_.begin());
        spread_ = std::sqrt(std::max(covariance_[worst_ * size + worst_], k_least_variance));
        expected_ = values[worst_] - rest[static_cast<Eigen::Index>(worst_)] * spread_;
        spe_monitor_.step(std::log(spe_ + 1e-3), learn);
    }
    if (!learn || alarm()) return;

    count_ = std::min(count_ + 1, 1e7F);
    for (std::size_t i = 0; i < size; ++i) {
        const double variance = covariance_[i * size + i];
        const double limit = count_ < RobustBaseline::k_free
                                 ? std::numeric_limits<double>::infinity()
                                 : k_clip * std::sqrt(std::max(variance, k_least_variance));
        scaled[static_cast<Eigen::Index>(i)] = std::clamp(values[i] - mean_[i], -limit, limit);
    }
    for (std::size_t i = 0; i < size; ++i) {
        mean_[i] += weight * scaled[static_cast<Eigen::Index>(i)];
    }
    const auto rows = static_cast<Eigen::Index>(size);
    Eigen::Map<Matrix> covariance{covariance_.data(), rows, rows};
    covariance += weight * (scaled * scaled.transpose() - covariance);
    since_fit_ += 1;
    const bool due = patterns_.empty() ? count_ >= k_first_fit : since_fit_ >= k_refit;
    if (due) fit();
}

}  // namespace modax::analysis
