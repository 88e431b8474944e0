// Which value follows which recent level, as a table of counts: how rare is this pair? Finds what
// is normal in itself but not where it stands (a missing peak, a pattern that broke). A cheap
// relative of the context of sequence memories (Ahmad, Lavin, Purdy, Agha: Unsupervised real-time
// anomaly detection for streaming data, 2017). Owned by one caller; not thread-safe.
#pragma once

#include "analysis/running.hpp"

#include <array>
#include <cstdint>

namespace modax::analysis {

class Occupancy {
public:
    // -log10 of the probability of `value` after the recent level, averaged over a few samples.
    // Learns.
    double rarity(double value);

    template <class A>
    void archive(A& a) {
        a(counts_, totals_, baseline_, level_, rarity_);
    }

private:
    static constexpr int k_bins = 16;
    static constexpr std::uint16_t k_most = 400;  // then a row is halved: old samples fade

    int bin(double value) const;

    std::array<std::uint16_t, k_bins * k_bins> counts_{};
    std::array<std::uint16_t, k_bins> totals_{};
    RobustBaseline baseline_{3000};
    RunningMean level_{6};
    RunningMean rarity_{8};
};

}  // namespace modax::analysis
