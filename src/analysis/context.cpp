#include "analysis/context.hpp"

#include <algorithm>
#include <cmath>

namespace modax::analysis {

ContextBaseline& ContextBaselines::of(ContextKey key) {
    for (ContextBaseline& state : states_) {
        if (state.key == key) return state;
    }
    if (states_.size() == k_most) return states_.back();
    states_.emplace_back().key = key;
    return states_.back();
}

ContextBaseline ContextBaselines::of(ContextKey key) const {
    for (const ContextBaseline& state : states_) {
        if (state.key == key) return state;
    }
    return states_.size() == k_most ? states_.back() : ContextBaseline{};
}

// A state in which the signal stands still (a spindle at rest) would make every digit an anomaly:
// the spread is at least a part of that in the other states.
double ContextBaselines::spread(const ContextBaseline& state) const {
    double largest = 0;
    double most_spread = 0;
    for (const ContextBaseline& other : states_) {
        largest = std::max(largest, std::abs(other.values.location()));
        most_spread = std::max(most_spread, other.values.scale());
    }
    return std::max({state.values.scale(), 1e-3 * largest, 0.05 * most_spread, 1e-9});
}

double ContextBaselines::normalised(const ContextBaseline& state, double value) const {
    if (state.key == 0) return value;
    return (value - state.values.location()) / spread(state);
}

double ContextBaselines::raw(const ContextBaseline& state, double normalised) const {
    if (state.key == 0) return normalised;
    return state.values.location() + normalised * spread(state);
}

}  // namespace modax::analysis
