#include "security/password.hpp"

#include <gtest/gtest.h>

namespace modax::security {
namespace {

// From the test suite of the reference implementation (phc-winner-argon2, src/test.c, Argon2id).
constexpr std::string_view k_known =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

TEST(password, known_answer) {
    EXPECT_TRUE(verify_password(k_known, "password"));
    EXPECT_FALSE(verify_password(k_known, "passwore"));
}

TEST(password, hashes_have_the_chosen_cost_and_their_own_salt) {
    SystemRandom random;
    const auto first = hash_password("correct horse", random);
    const auto second = hash_password("correct horse", random);
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(first->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    EXPECT_NE(*first, *second);
    EXPECT_TRUE(is_password_hash(*first));
    EXPECT_TRUE(verify_password(*first, "correct horse"));
    EXPECT_FALSE(verify_password(*first, "correct horsf"));
    EXPECT_FALSE(verify_password(*first, ""));
}

TEST(password, bytes_behind_a_nul_count) {
    SystemRandom random;
    const std::string password{"abc\0def", 7};
    const auto hash = hash_password(password, random);
    ASSERT_TRUE(hash);
    EXPECT_TRUE(verify_password(*hash, password));
    EXPECT_FALSE(verify_password(*hash, "abc"));
}

TEST(password, what_is_no_hash_verifies_nothing) {
    for (const std::string_view wrong :
         {"",
          "password",
          "!",
          "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR",
          "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
          "$argon2id$v=19$m=256,t=2,p=1$$nf65EOgLrQMR",
          "$argon2id$v=19$m=99999999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR",
          "$argon2id$v=19$m=2097152,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR",
          "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65:OgLrQMR"}) {
        EXPECT_FALSE(is_password_hash(wrong)) << wrong;
        EXPECT_FALSE(verify_password(wrong, "")) << wrong;
        EXPECT_FALSE(verify_password(wrong, wrong)) << wrong;
    }
}

}  // namespace
}  // namespace modax::security
