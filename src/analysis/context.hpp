// Baselines of one signal for each operating state of its machine, so that a change of the state is
// no anomaly: a value is judged as its distance from what this state usually shows. A machine that
// tells no state has one, and its values are judged as they are. Owned by one signal; not
// thread-safe.
#pragma once

#include "analysis/repetition.hpp"
#include "analysis/running.hpp"

#include <cstdint>
#include <vector>

namespace modax::analysis {

// A state as the engine names it: a hash; 0: the machine tells none.
using ContextKey = std::uint32_t;

struct ContextBaseline {
    static constexpr float k_warm_up = 60;  // samples before values of the state are judged

    ContextKey key = 0;
    float samples = 0;
    RobustBaseline values{3000};
    Repetition repetition;

    bool warm() const { return key == 0 || samples >= k_warm_up; }

    template <class A>
    void archive(A& a) {
        a(key, samples, values, repetition);
    }
};

class ContextBaselines {
public:
    static constexpr std::size_t k_most = 8;  // further states share the last

    ContextBaseline& of(ContextKey key);
    // Of a state seen before; an empty baseline otherwise.
    ContextBaseline of(ContextKey key) const;
    // The value in units of its usual spread in that state, around 0; itself without a state.
    double normalised(const ContextBaseline& state, double value) const;
    // And back.
    double raw(const ContextBaseline& state, double normalised) const;

    template <class A>
    void archive(A& a) {
        a(states_);
    }

private:
    double spread(const ContextBaseline& state) const;

    std::vector<ContextBaseline> states_;
};

}  // namespace modax::analysis
