#include "delivery/retry.hpp"

#include <algorithm>

namespace modax::delivery {

std::chrono::milliseconds retry_delay(
    const RetryRules& rules,
    unsigned attempts,
    std::optional<std::chrono::seconds> retry_after,
    Random& random
) {
    auto window = rules.first;
    for (unsigned i = 1; i < attempts && window < rules.longest; ++i) window *= 2;
    window = std::min(window, rules.longest);
    const auto span = static_cast<std::uint64_t>(window.count()) + 1;
    const std::chrono::milliseconds jitter{static_cast<std::int64_t>(random.below(span))};
    if (!retry_after) return jitter;
    const auto asked = std::min<std::chrono::milliseconds>(*retry_after, std::chrono::hours{24});
    // All that were turned away at once must not come back at once.
    return asked + std::min(jitter, rules.first);
}

bool given_up(const RetryRules& rules, unsigned attempts, Timestamp created, Timestamp now) {
    if (rules.max_attempts != 0 && attempts >= rules.max_attempts) return true;
    return now - created >= rules.max_age;
}

}  // namespace modax::delivery
