#include "delivery/retry.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace modax::delivery {
namespace {

using namespace std::chrono_literals;

TEST(Retry, JitterIsFullAndGrowsToItsLimit) {
    SystemRandom random;
    const RetryRules rules{1000ms, 60'000ms, 0, 72h};
    for (const auto& [attempts, longest] :
         {std::pair{1U, 1000ms}, std::pair{3U, 4000ms}, std::pair{40U, 60'000ms}}) {
        auto least = 100'000ms;
        auto most = 0ms;
        for (int i = 0; i < 2000; ++i) {
            const auto delay = retry_delay(rules, attempts, std::nullopt, random);
            least = std::min(least, delay);
            most = std::max(most, delay);
        }
        EXPECT_LE(most, longest) << attempts;
        EXPECT_GT(most, longest * 9 / 10) << attempts;
        EXPECT_LT(least, longest / 10) << attempts;
    }
}

TEST(Retry, IsNeverSoonerThanThePeerAsked) {
    SystemRandom random;
    for (int i = 0; i < 200; ++i) {
        const auto delay = retry_delay({}, 1, 30s, random);
        EXPECT_GE(delay, 30s);
        EXPECT_LE(delay, 31s);
    }
    EXPECT_LE(retry_delay({}, 1, std::chrono::seconds{1'000'000'000}, random), 24h + 1s);
}

TEST(Retry, EndsByAttemptsOrAge) {
    const auto now = from_micros(1'700'000'000'000'000);
    EXPECT_FALSE(given_up({1s, 1s, 3, 1h}, 2, now, now));
    EXPECT_TRUE(given_up({1s, 1s, 3, 1h}, 3, now, now));
    EXPECT_FALSE(given_up({1s, 1s, 0, 1h}, 1000, now - 59min, now)) << "no limit of attempts";
    EXPECT_TRUE(given_up({1s, 1s, 0, 1h}, 1, now - 60min, now));
}

}  // namespace
}  // namespace modax::delivery
