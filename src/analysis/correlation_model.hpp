// Do the signals of a device still move together? An online principal component analysis:
// Hotelling's T² says how far a reading lies within the usual patterns, SPE (Q) how far outside of
// them. Sources: Jackson and Mudholkar, Control Procedures for Residuals Associated With Principal
// Component Analysis, 1979; exponentially weighted covariance after MacGregor and Kourti,
// Statistical process control of multivariate processes, 1995. Limits come from the figures' own
// past. Owned by its DeviceModel; not thread-safe.
#pragma once

#include "analysis/level_monitor.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace modax::analysis {

class CorrelationModel {
public:
    static constexpr std::size_t k_most_signals = 32;
    static constexpr float k_warm_up = 600;  // readings

    // One value for each signal, in units of its usual spread. The number of signals may grow: then
    // the model starts anew.
    void step(std::span<const double> values, bool learn);

    bool warm() const { return count_ >= k_warm_up && spe_monitor_.warm(); }
    // Something broke between the signals.
    bool alarm() const { return spe_monitor_.alarm(); }
    // In limits; 1 alarms.
    double distance() const { return spe_monitor_.distance() / spe_monitor_.limit(); }
    double spe() const { return spe_; }
    double t2() const { return t2_; }
    // The signal that fits the others least.
    std::size_t worst() const { return worst_; }
    // What the others say of it, in the unit of the values given.
    double expected_of_worst() const { return expected_; }
    double spread_of_worst() const { return spread_; }

    template <class A>
    void archive(A& a) {
        a(count_,
          since_fit_,
          mean_,
          covariance_,
          patterns_,
          pattern_variance_,
          residual_,
          spe_monitor_,
          spe_,
          t2_,
          worst_,
          expected_,
          spread_);
    }

private:
    void restart(std::size_t signals);
    void fit();

    float count_ = 0;
    float since_fit_ = 0;
    std::vector<double> mean_;
    std::vector<double> covariance_;  // row by row
    std::vector<double> patterns_;    // one principal component after the other
    std::vector<double> pattern_variance_;
    std::vector<double> residual_;  // smoothed squares, by signal
    LevelMonitor spe_monitor_{LevelMonitor::Options{
        .fast = 10, .slow = 1200, .warm_up = 600, .hold = 3600, .upward_only = true}};
    double spe_ = 0;
    double t2_ = 0;
    std::uint32_t worst_ = 0;
    double expected_ = 0;
    double spread_ = 0;
};

}  // namespace modax::analysis
