// Whom a connector may call (PROMISES 3.4).
#include "connectors/http_exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::connectors {
namespace {

using ::testing::HasSubstr;

TEST(PublicAddress, OnlyWhatIsRoutedEverywhere) {
    for (const auto* address : {"8.8.8.8", "193.99.144.80", "2a02:2e0:3fe:1001::1"}) {
        EXPECT_TRUE(is_public_address(address)) << address;
    }
    for (const auto* address :
         {"127.0.0.1",
          "10.1.2.3",
          "172.16.0.1",
          "172.31.255.255",
          "192.168.1.1",
          "169.254.169.254",
          "100.64.0.1",
          "0.0.0.0",
          "224.0.0.1",
          "255.255.255.255",
          "::1",
          "::",
          "fe80::1",
          "fd00::1",
          "::ffff:127.0.0.1",
          "::ffff:10.0.0.1",
          "ff02::1",
          "64:ff9b::7f00:1",
          "nonsense"}) {
        EXPECT_FALSE(is_public_address(address)) << address;
    }
}

class ExchangeTest : public testing::Test {
protected:
    HttpAnswer get(const std::string& url) {
        HttpExchange exchange{definition, rules};
        return exchange.call({"GET", url, {}, {}, true});
    }
    Definition definition;
    NetworkRules rules{{"127.0.0.1", "localhost", "sap.example.com"}, {}};
};

TEST_F(ExchangeTest, AHostThatIsNotListedIsNotAsked) {
    const auto answer = get("https://elsewhere.example.com/");
    EXPECT_EQ(answer.failure, HttpAnswer::Failure::refused);
    EXPECT_THAT(answer.problem, HasSubstr("connectors.allowed_hosts"));
}

TEST_F(ExchangeTest, PlaintextBeyondLoopbackIsRefused) {
    EXPECT_EQ(get("http://sap.example.com/").failure, HttpAnswer::Failure::refused);
    EXPECT_EQ(get("ftp://127.0.0.1/").failure, HttpAnswer::Failure::refused);
    EXPECT_EQ(get("file:///etc/passwd").failure, HttpAnswer::Failure::refused);
}

TEST_F(ExchangeTest, AnAddressThatIsNotPublicIsNotConnected) {
    const auto answer = get("http://localhost:1/");
    EXPECT_EQ(answer.failure, HttpAnswer::Failure::refused);
    EXPECT_THAT(answer.problem, HasSubstr("connectors.allowed_networks"));
}

TEST_F(ExchangeTest, NobodyThereMeansNothingWasSent) {
    rules.may_connect = [](std::string_view) { return true; };
    EXPECT_EQ(get("http://127.0.0.1:1/").failure, HttpAnswer::Failure::not_sent);
}

}  // namespace
}  // namespace modax::connectors
