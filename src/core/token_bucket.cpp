#include "core/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace modax {
namespace {

std::uint64_t whole_seconds(double seconds) {
    return static_cast<std::uint64_t>(std::ceil(std::max(seconds, 0.0)));
}

}  // namespace

TokenBucket::TokenBucket(std::uint64_t capacity, double per_second, SteadyTime now)
    : capacity_{capacity},
      per_second_{per_second},
      tokens_{static_cast<double>(capacity)},
      refilled_{now} {}

void TokenBucket::refill(SteadyTime now) {
    const double passed = std::chrono::duration<double>(now - refilled_).count();
    if (passed <= 0) return;
    tokens_ = std::min(static_cast<double>(capacity_), tokens_ + passed * per_second_);
    refilled_ = now;
}

TokenBucket::State TokenBucket::take(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    State state;
    state.taken = tokens_ >= 1;
    if (state.taken) tokens_ -= 1;
    const double missing = static_cast<double>(capacity_) - tokens_;
    state.left = static_cast<std::uint64_t>(std::max(tokens_, 0.0));
    state.full_in_seconds = whole_seconds(missing / per_second_);
    if (!state.taken) {
        const auto wait = whole_seconds((1 - tokens_) / per_second_);
        state.next_in_seconds = std::max<std::uint64_t>(wait, 1);
    }
    return state;
}

void TokenBucket::charge(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    tokens_ = std::max(tokens_ - 1, -1.0);
}

bool TokenBucket::empty(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    return tokens_ < 1;
}

bool TokenBucket::full(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    return tokens_ >= static_cast<double>(capacity_);
}

}  // namespace modax
