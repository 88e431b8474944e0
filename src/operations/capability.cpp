#include "operations/capability.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace modax::operations {
namespace {

constexpr double k_d2_of_two = 1.128;  // moving ranges of two values

std::optional<double> potential(const Limits& limits, double sigma) {
    if (!limits.lower || !limits.upper || sigma <= 0) return std::nullopt;
    return (*limits.upper - *limits.lower) / (6 * sigma);
}

std::optional<double> realised(const Limits& limits, double mean, double sigma) {
    if (sigma <= 0) return std::nullopt;
    std::optional<double> worst;
    if (limits.lower) worst = (mean - *limits.lower) / (3 * sigma);
    if (limits.upper) {
        const double above = (*limits.upper - mean) / (3 * sigma);
        worst = std::min(worst.value_or(above), above);
    }
    return worst;
}

struct Rule {
    std::string_view name;
    std::size_t wanted;  // so many …
    std::size_t of;      // … of so many in a row …
    double sigmas;       // … beyond so many deviations on one side
};

constexpr std::array k_rules{
    Rule{"one beyond 3 sigma", 1, 1, 3},
    Rule{"two of three beyond 2 sigma", 2, 3, 2},
    Rule{"four of five beyond 1 sigma", 4, 5, 1},
    Rule{"eight on one side", 8, 8, 0},
};

// Whether the pattern ends at the last of `window`: that one is part of it.
bool holds(const Rule& rule, std::span<const double> deviations, double sigma) {
    for (const double side : {1.0, -1.0}) {
        const auto beyond = [&](double deviation) {
            return side * deviation > rule.sigmas * sigma;
        };
        const auto count = std::count_if(deviations.begin(), deviations.end(), beyond);
        if (beyond(deviations.back()) && static_cast<std::size_t>(count) >= rule.wanted)
            return true;
    }
    return false;
}

}  // namespace

Capability capability_of(std::span<const double> values, const Limits& limits) {
    Capability found;
    found.count = values.size();
    if (values.empty()) return found;
    const auto count = static_cast<double>(values.size());
    found.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    if (values.size() < 2) return found;
    std::vector<double> deviations;
    double squares = 0;
    double ranges = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        deviations.push_back(values[i] - found.mean);
        squares += deviations[i] * deviations[i];
        if (i > 0) ranges += std::abs(values[i] - values[i - 1]);
    }
    found.deviation = std::sqrt(squares / (count - 1));
    found.within = ranges / (count - 1) / k_d2_of_two;
    found.cp = potential(limits, found.within);
    found.cpk = realised(limits, found.mean, found.within);
    found.pp = potential(limits, found.deviation);
    found.ppk = realised(limits, found.mean, found.deviation);
    if (found.within <= 0) return found;
    for (std::size_t i = 0; i < deviations.size(); ++i) {
        for (const Rule& rule : k_rules) {
            const std::size_t size = std::min(rule.of, i + 1);
            if (size < rule.wanted) continue;
            const auto window = std::span{deviations}.subspan(i + 1 - size, size);
            if (holds(rule, window, found.within)) found.signals.push_back({rule.name, i});
        }
    }
    return found;
}

}  // namespace modax::operations
