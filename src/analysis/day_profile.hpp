// What a signal usually shows at this time of the day, in half hours of UTC, once it has seen a
// day. Owned by one caller; not thread-safe.
#pragma once

#include "core/time.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace modax::analysis {

class DayProfile {
public:
    // nullopt until this half hour was seen at an earlier day.
    std::optional<double> expected(Timestamp time, double interval_seconds) const;
    void learn(Timestamp time, double value, double interval_seconds);

    template <class A>
    void archive(A& a) {
        a(mean_, count_);
    }

private:
    static constexpr std::size_t k_slots = 48;
    static std::size_t slot(Timestamp time);

    std::array<double, k_slots> mean_{};
    std::array<float, k_slots> count_{};
};

}  // namespace modax::analysis
