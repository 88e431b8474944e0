#include "delivery/circuit.hpp"

#include <algorithm>

namespace modax::delivery {

std::chrono::milliseconds Circuit::wait(SteadyTime now) const {
    if (allows(now)) return std::chrono::milliseconds{0};
    return std::chrono::ceil<std::chrono::milliseconds>(not_before_ - now);
}

void Circuit::succeeded() {
    failures_ = 0;
    pause_ = k_shortest;
    not_before_ = {};
}

void Circuit::failed(SteadyTime now) {
    ++failures_;
    if (failures_ >= k_threshold) pause(now);
}

void Circuit::trip(SteadyTime now) {
    failures_ = std::max(failures_ + 1, k_threshold);
    pause(now);
}

void Circuit::pause(SteadyTime now) {
    not_before_ = now + pause_;
    pause_ = std::min(pause_ * 2, k_longest);
}

}  // namespace modax::delivery
