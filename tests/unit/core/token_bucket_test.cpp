#include "core/token_bucket.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TokenBucketTest, GivesItsQuotaAtOnceAndThenAsTimePasses) {
    SteadyTime now{};
    TokenBucket bucket{60, 1, now};
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(bucket.take(now).taken) << i;
    const auto refused = bucket.take(now);
    EXPECT_FALSE(refused.taken);
    EXPECT_EQ(refused.left, 0U);
    EXPECT_EQ(refused.next_in_seconds, 1U);
    EXPECT_EQ(refused.full_in_seconds, 60U);
    now += milliseconds{999};
    EXPECT_FALSE(bucket.take(now).taken);
    now += milliseconds{1};
    EXPECT_TRUE(bucket.take(now).taken);
    now += seconds{3600};
    EXPECT_TRUE(bucket.full(now));
    EXPECT_EQ(bucket.take(now).left, 59U);
}

TEST(TokenBucketTest, OneARefusalIsChargedToStaysEmptyForAWhile) {
    SteadyTime now{};
    TokenBucket bucket{2, 1.0 / 30, now};
    for (int i = 0; i < 10; ++i) bucket.charge(now);
    EXPECT_TRUE(bucket.empty(now));
    // Debts do not grow without end: two tokens are missing, half a minute each.
    EXPECT_TRUE(bucket.empty(now + seconds{59}));
    EXPECT_FALSE(bucket.empty(now + seconds{61}));
}

}  // namespace
}  // namespace modax
