#include "core/secret.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace modax {
namespace {

TEST(secret, prints_stars_and_reveals_on_demand) {
    const Secret secret{"canary-7b1f"};
    std::ostringstream out;
    out << secret;
    EXPECT_EQ(out.str(), "***");
    EXPECT_EQ(secret.reveal(), "canary-7b1f");
}

TEST(secret, moves_and_copies_like_a_text) {
    Secret first{"short"};
    Secret second{std::move(first)};
    EXPECT_EQ(second.reveal(), "short");
    Secret third;
    EXPECT_TRUE(third.empty());
    third = second;
    EXPECT_EQ(third.reveal(), "short");
    third = Secret{std::string(100, 'x')};
    EXPECT_EQ(third.reveal(), std::string(100, 'x'));
}

}  // namespace
}  // namespace modax
