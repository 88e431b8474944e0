// Limits of keys and addresses, and what a client is told of them (PROMISES 3.4).
#include "http/rate_limits.hpp"

#include "unit/http/server_fixture.hpp"

namespace modax::http {
namespace {

using std::chrono::seconds;

TEST(RateLimitsTest, ManyAddressesDoNotFillTheMemory) {
    test::ManualClock clock;
    RateLimits limits{{}, clock};
    const auto held = limits.of_address("192.0.2.1", false);
    ASSERT_TRUE(held->take(clock.steady_now()).taken);
    for (int i = 0; i < 30'000; ++i) limits.of_address("address " + std::to_string(i), false);
    EXPECT_LT(limits.buckets(), 11'000U);
    EXPECT_EQ(limits.of_address("192.0.2.1", false), held) << "what was used is remembered";
    EXPECT_EQ(limits.of_address("127.0.0.1", true), nullptr);
}

TEST(RateLimitsTest, NoQuotaIsNoLimit) {
    test::ManualClock clock;
    RateLimits limits{{0, 0, 0}, clock};
    EXPECT_EQ(limits.of_key("a"), nullptr);
    EXPECT_EQ(limits.of_address("192.0.2.1", false), nullptr);
    EXPECT_EQ(limits.of_refusals("192.0.2.1"), nullptr);
}

class RateLimitTest : public ServerTest {};

TEST_F(RateLimitTest, AKeyIsToldWhatIsLeftAndWhenToComeBack) {
    options_.rate_limits.per_key = 3;
    start();
    for (const std::string left : {"2", "1", "0"}) {
        const auto answer = get("/api/v1/devices", "reader");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.field("RateLimit-Policy"), R"("key";q=3;w=60)");
        EXPECT_EQ(answer.field("RateLimit").substr(0, 10), R"("key";r=)" + left + ";");
    }
    const auto refused = get("/api/v1/devices", "reader");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.field("Retry-After"), "20");
    EXPECT_EQ(refused.field("Content-Type"), "application/problem+json");
    EXPECT_NE(refused.body.find("urn:modax:problem:too-many-requests"), std::string::npos);
    EXPECT_EQ(get("/api/v1/devices", "all").status, 200) << "each key has its own";
    EXPECT_EQ(get("/health", "").status, 200) << "open routes have no key";
    clock_.advance(seconds{20});
    EXPECT_EQ(get("/api/v1/devices", "reader").status, 200);
}

TEST_F(RateLimitTest, ALimitHoldsOverConnections) {
    options_.rate_limits.per_key = 2;
    start();
    HttpClient one{port_};
    HttpClient two{port_};
    const std::string key = "X-API-Key: reader\r\n";
    EXPECT_EQ(one.get("/api/v1/devices", key).status, 200);
    EXPECT_EQ(two.get("/api/v1/devices", key).status, 200);
    EXPECT_EQ(one.get("/api/v1/devices", key).status, 429);
    EXPECT_EQ(two.get("/api/v1/devices", key).status, 429);
}

TEST_F(RateLimitTest, WhoTriesManyKeysIsNotListenedToForAWhile) {
    options_.rate_limits.refusals_per_address = 4;
    start();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(get("/api/v1/devices", "guess").status, 401);
    const auto refused = get("/api/v1/devices", "guess");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.field("Retry-After"), "1");
    EXPECT_EQ(get("/api/v1/devices", "all").status, 429) << "it must not learn which key is right";
    clock_.advance(seconds{60});
    EXPECT_EQ(get("/api/v1/devices", "all").status, 200);
}

}  // namespace
}  // namespace modax::http
