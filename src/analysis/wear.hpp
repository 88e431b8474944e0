// How far a metric has gone towards its limit and how long it may take: a Wiener process with drift
// on the metric or, where that fits better, on its logarithm (exponential growth); the time to the
// limit is inverse Gaussian. Sources: Chhikara and Folks, The Inverse Gaussian Distribution, 1989;
// Si, Wang, Hu, Zhou, Remaining useful life estimation - a review, 2011. Says nothing rather than
// something unsupported. Owned by its DeviceModel; not thread-safe.
#pragma once

#include "core/analysis.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace modax::analysis {

class WearModel {
public:
    static constexpr std::size_t k_most_points = 128;  // then two become one
    static constexpr std::size_t k_least_points = 12;

    // Means over equal times are kept, at first of a minute each.
    void add(Timestamp time, double value);
    // `limit`: the value at which the part is worn out, above what is usual with a new one.
    WearEstimate estimate(const std::string& metric, double limit) const;
    void restart() { *this = WearModel{}; }

    template <class A>
    void archive(A& a) {
        a(begin_, width_, sum_, count_, points_);
    }

private:
    struct Trend {
        double drift = 0;        // per hour
        double deviation = 0;    // of the process, per square root of an hour
        double uncertainty = 0;  // of the drift
        double fit = 0;          // relative misfit of a straight line: smaller is better
        double now = 0;
    };
    Trend trend(bool logarithmic) const;
    void halve();

    std::int64_t begin_ = 0;  // microseconds: of the point being collected
    std::int64_t width_ = 60'000'000;
    double sum_ = 0;
    double count_ = 0;
    std::vector<double> points_;
};

}  // namespace modax::analysis
