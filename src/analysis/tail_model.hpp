// How unusual a statistic is against its own past: a tracked high quantile, and above it a Pareto
// tail. Sources: Robbins and Monro, A Stochastic Approximation Method, 1951 (the quantile); Hill, A
// Simple General Approach to Inference About the Tail of a Distribution, 1975 (the tail index).
// Owned by one caller; not thread-safe.
#pragma once

namespace modax::analysis {

class TailModel {
public:
    // Decades of probability by which `statistic` (0 or more) lies beyond the quantile: 0 for what
    // is usual (98 of 100), 1 for one in 500, 2 for one in 5,000.
    double surprise(double statistic) const;
    // `weight` below 1: learn slowly, as during an anomaly.
    void learn(double statistic, double weight);
    // Above it lie 2 of 100.
    double quantile() const { return quantile_; }

    template <class A>
    void archive(A& a) {
        a(quantile_, index_, count_);
    }

private:
    double quantile_ = 0;
    double index_ = 0.2;  // mean logarithm of what lies beyond the quantile
    float count_ = 0;
};

}  // namespace modax::analysis
