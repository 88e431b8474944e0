// When a failed delivery is tried again: exponential backoff with full jitter, and limits after
// which it is dead. Source: PROMISES 2.3. Pure.
#pragma once

#include "core/random.hpp"
#include "core/time.hpp"

#include <chrono>
#include <optional>

namespace modax::delivery {

struct RetryRules {
    std::chrono::milliseconds first{1000};
    std::chrono::milliseconds longest = std::chrono::minutes{15};
    unsigned max_attempts = 0;  // 0: only the age counts
    std::chrono::milliseconds max_age = std::chrono::hours{72};
};

// After `attempts` failures (from 1): evenly between 0 and first * 2^(attempts - 1), at most
// `longest`. Never sooner than what the peer asked for (at most a day).
std::chrono::milliseconds retry_delay(
    const RetryRules& rules,
    unsigned attempts,
    std::optional<std::chrono::seconds> retry_after,
    Random& random
);

bool given_up(const RetryRules& rules, unsigned attempts, Timestamp created, Timestamp now);

}  // namespace modax::delivery
