#include "security/digest.hpp"

#include "security/base62.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace modax::security {
namespace {

std::string hex(const Digest& digest) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : digest) {
        text += k_hex[static_cast<unsigned>(byte) >> 4U];
        text += k_hex[static_cast<unsigned>(byte) & 0xFU];
    }
    return text;
}

// FIPS 180-4, examples of NIST.
TEST(sha256, known_answers) {
    const Sha256 sha256;
    EXPECT_EQ(
        hex(sha256.hash("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(
        hex(sha256.hash("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

// RFC 4231, test case 2.
TEST(hmac_sha256, known_answer) {
    const std::string key = "Jefe";
    EXPECT_EQ(
        hex(hmac_sha256(std::as_bytes(std::span{key}), "what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

TEST(digest, comparison_sees_every_byte) {
    const Digest digest = Sha256{}.hash("abc");
    EXPECT_TRUE(equal_in_constant_time(digest, digest));
    for (std::size_t i = 0; i < digest.size(); ++i) {
        Digest other = digest;
        other[i] ^= std::byte{1};
        EXPECT_FALSE(equal_in_constant_time(digest, other)) << i;
    }
}

TEST(base62, crc32_known_answers) {
    EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
    EXPECT_EQ(crc32(""), 0U);
}

TEST(base62, numbers_have_leading_zeros) {
    EXPECT_EQ(to_base62(0, 6), "000000");
    EXPECT_EQ(to_base62(61, 6), "00000z");
    EXPECT_EQ(to_base62(62, 6), "000010");
    EXPECT_EQ(to_base62(0xFFFFFFFFU, 6), "4gfFC3");
}

TEST(base62, random_digits_use_the_whole_alphabet) {
    SystemRandom random;
    const std::string digits = random_base62(random, 10'000);
    EXPECT_TRUE(is_base62(digits));
    EXPECT_FALSE(is_base62("a_b"));
    for (const char c : {'0', '9', 'A', 'Z', 'a', 'z'}) {
        EXPECT_NE(digits.find(c), std::string::npos) << c;
    }
}

}  // namespace
}  // namespace modax::security
