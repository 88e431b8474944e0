// Exponentially weighted averages, the material of every detector. The first values count alike, so
// that a short past is not ruled by its first value. Owned by one caller; not thread-safe.
#pragma once

#include <algorithm>
#include <cmath>

namespace modax::analysis {

// `span`: how many samples it remembers (weight 1/span).
class RunningMean {
public:
    explicit RunningMean(float span = 10) : span_{span} {}

    void add(double value, double weight = 1) {
        count_ = std::min(count_ + 1, span_);
        mean_ += weight / static_cast<double>(count_) * (value - mean_);
    }
    // What mean() would be after add(value).
    double with(double value) const {
        return mean_ + (value - mean_) / static_cast<double>(std::min(count_ + 1, span_));
    }
    double mean() const { return mean_; }
    // Samples seen, up to the span.
    double count() const { return count_; }

    template <class A>
    void archive(A& a) {
        a(mean_, count_);
    }

private:
    double mean_ = 0;
    float count_ = 0;
    float span_;
};

// Location and scale that single outliers can't move far: what lies beyond four scales counts as
// four (Huber, Robust Estimation of a Location Parameter, 1964). The scale is the mean absolute
// deviation.
class RobustBaseline {
public:
    static constexpr double k_clip = 4;
    static constexpr float k_free = 30;  // so many samples are taken as they are

    explicit RobustBaseline(float span = 300) : location_{span}, scale_{span} {}

    void add(double value) {
        const double deviation = value - location_.mean();
        double size = std::abs(deviation);
        if (location_.count() >= k_free && scale_.mean() > 0) {
            size = std::min(size, k_clip * scale_.mean());
        }
        scale_.add(size);
        location_.add(location_.mean() + std::copysign(size, deviation));
    }
    double location() const { return location_.mean(); }
    double scale() const { return scale_.mean(); }

    template <class A>
    void archive(A& a) {
        a(location_, scale_);
    }

private:
    RunningMean location_;
    RunningMean scale_;
};

}  // namespace modax::analysis
