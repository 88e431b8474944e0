#include "analysis/occupancy.hpp"

namespace modax::analysis {

int Occupancy::bin(double value) const {
    const double scale = std::max(baseline_.scale(), 1e-12);
    const double place = std::asinh((value - baseline_.location()) / scale) * 2.5 + k_bins / 2.0;
    return static_cast<int>(std::clamp(place, 0.0, k_bins - 1.0));
}

double Occupancy::rarity(double value) {
    const int column = bin(value);
    const int row = bin(level_.mean());
    std::uint16_t* const counts = counts_.data() + static_cast<std::ptrdiff_t>(row) * k_bins;
    // Neighbours count half, as a value near a limit falls on either side.
    double near = counts[column];
    if (column > 0) near += 0.5 * counts[column - 1];
    if (column + 1 < k_bins) near += 0.5 * counts[column + 1];
    const double total = totals_[static_cast<std::size_t>(row)];
    const double probability = std::min(1.0, (near + 0.5) / (total + 0.5 * k_bins));
    rarity_.add(-std::log10(probability));

    ++counts[column];
    if (++totals_[static_cast<std::size_t>(row)] > k_most) {
        std::uint16_t sum = 0;
        for (int i = 0; i < k_bins; ++i) {
            counts[i] = static_cast<std::uint16_t>(counts[i] / 2);
            sum = static_cast<std::uint16_t>(sum + counts[i]);
        }
        totals_[static_cast<std::size_t>(row)] = sum;
    }
    baseline_.add(value);
    level_.add(value);
    return rarity_.mean();
}

}  // namespace modax::analysis
