#include "ingest/payload_hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace modax::ingest {
namespace {

// Known answers of XXH64 with seed 0. They are in stores, so they must never change.
TEST(PayloadHash, IsXxh64) {
    EXPECT_EQ(payload_hash(""), 0xEF46DB3751D8E999ULL);
    EXPECT_EQ(payload_hash("a"), 0xD24EC4F1A98C6E5BULL);
    EXPECT_EQ(payload_hash("abc"), 0x44BC2CF5AD770999ULL);
    EXPECT_EQ(payload_hash("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1ULL);
}

TEST(PayloadHash, DiffersWhereverOneBitDiffers) {
    std::string payload(77, 'x');
    const auto hash = payload_hash(payload);
    for (char& c : payload) {
        c = static_cast<char>(c ^ 1);
        EXPECT_NE(payload_hash(payload), hash);
        c = static_cast<char>(c ^ 1);
    }
}

TEST(PayloadHash, SequenceIsNegative) {
    for (int i = 0; i < 1000; ++i) EXPECT_LT(hashed_sequence(std::to_string(i)), 0);
    EXPECT_NE(hashed_sequence("1"), hashed_sequence("2"));
}

}  // namespace
}  // namespace modax::ingest
