// Wire types (section 1.5) and the fixed header (section 2.1).
#include "codec_bytes.hpp"

#include <gtest/gtest.h>

namespace modax::mqtt {
namespace {

constexpr std::size_t k_limit = 1'048'576;

TEST(CodecUtf8, TakesWhatIsWellFormed) {  // section 1.5.4
    for (const char* text :
         {"",
          "'plain'",
          "C3 A9",
          "DF BF",
          "E0 A0 80",
          "E2 82 AC",
          "ED 9F BF",
          "EE 80 80",
          "EF BB BF",
          "EF BF BF",
          "F0 90 80 80",
          "F4 8F BF BF",
          "01",
          "7F"}) {
        EXPECT_TRUE(is_valid_utf8(wire(text))) << text;
    }
}

TEST(CodecUtf8, RefusesWhatIsNot) {  // sections 1.5.4-1 and 1.5.4-2
    for (const char* text :
         {"00",          "'a' 00 'b'", "80",          "BF",          "C0 80",    "C1 BF",
          "C3",          "C3 28",      "E0 80 80",    "E0 9F BF",    "E2 82",    "E2 28 AC",
          "ED A0 80",    "ED BF BF",   "F0 80 80 80", "F0 8F BF BF", "F0 90 80", "F4 90 80 80",
          "F5 80 80 80", "FE",         "FF",          "'a' C3"}) {
        EXPECT_FALSE(is_valid_utf8(wire(text))) << text;
    }
}

struct Integer {
    std::uint32_t value;
    const char* bytes;
};

TEST(CodecVariableByteInteger, HasTheBytesOfTable11) {  // section 1.5.5
    for (const Integer& integer :
         {Integer{0, "00"},
          Integer{127, "7F"},
          Integer{128, "80 01"},
          Integer{16'383, "FF 7F"},
          Integer{16'384, "80 80 01"},
          Integer{2'097'151, "FF FF 7F"},
          Integer{2'097'152, "80 80 80 01"},
          Integer{268'435'455, "FF FF FF 7F"}}) {
        std::string bytes;
        put_variable_byte_integer(bytes, integer.value);
        EXPECT_EQ(bytes, wire(integer.bytes)) << integer.value;
        EXPECT_EQ(variable_byte_integer_size(integer.value), bytes.size()) << integer.value;
        Reader reader{bytes};
        EXPECT_EQ(reader.variable_byte_integer(), integer.value);
        EXPECT_FALSE(reader.failed());
        EXPECT_TRUE(reader.at_end());
    }
}

TEST(CodecVariableByteInteger, RefusesOverlongAndCut) {  // section 1.5.5-1
    for (const char* text : {"", "80", "80 00", "FF 00", "80 80 00", "80 80 80 80 01"}) {
        const std::string bytes = wire(text);
        Reader reader{bytes};
        reader.variable_byte_integer();
        EXPECT_TRUE(reader.failed()) << text;
    }
}

TEST(CodecReader, StaysFailedAndGivesNothingAfterAReadBeyondTheEnd) {
    const std::string bytes = wire("12 34 56");
    Reader reader{bytes};
    EXPECT_EQ(reader.two_bytes(), 0x1234);
    EXPECT_EQ(reader.two_bytes(), 0);
    EXPECT_TRUE(reader.failed());
    EXPECT_EQ(reader.byte(), 0);
    EXPECT_TRUE(reader.rest().empty());
}

TEST(CodecFrame, WaitsForTheWholePacketAtEveryCut) {  // section 2.1.4
    const std::string whole = packet(0x30, "00 01 'a'") + packet(0xC0, "");
    const std::size_t first = whole.size() - 2;
    for (std::size_t length = 0; length < first; ++length) {
        const auto frame = next_frame(std::string_view{whole}.substr(0, length), k_limit);
        ASSERT_TRUE(frame.has_value()) << length;
        EXPECT_FALSE(frame->has_value()) << length;
    }
    const auto frame = next_frame(whole, k_limit);
    ASSERT_TRUE(frame.has_value() && frame->has_value());
    EXPECT_EQ((*frame)->type, PacketType::publish);
    EXPECT_EQ((*frame)->size, first);
    EXPECT_EQ((*frame)->body, wire("00 01 'a'"));
    const auto second = next_frame(std::string_view{whole}.substr(first), k_limit);
    ASSERT_TRUE(second.has_value() && second->has_value());
    EXPECT_EQ((*second)->type, PacketType::pingreq);
}

TEST(CodecFrame, RefusesATooLargePacketBeforeItHasCome) {  // section 3.1.2.11.4
    // 5 bytes of header and a body of 200,000 bytes that isn't here yet.
    const auto frame = next_frame(wire("30 C0 9A 0C"), 100'000);
    ASSERT_FALSE(frame.has_value());
    EXPECT_EQ(frame.error().reason, ReasonCode::packet_too_large);
}

TEST(CodecFrame, TheLimitCountsTheWholePacket) {  // section 3.1.2.11.4
    const std::string bytes = packet(0x30, "00 01 'abc'");
    EXPECT_TRUE(next_frame(bytes, bytes.size()).has_value());
    EXPECT_FALSE(next_frame(bytes, bytes.size() - 1).has_value());
}

TEST(CodecFrame, RefusesABadRemainingLength) {  // sections 1.5.5 and 2.1.4
    for (const char* text : {"30 80 00", "30 FF FF FF FF", "30 80 80 80 80 01"}) {
        const auto frame = next_frame(wire(text), k_limit);
        ASSERT_FALSE(frame.has_value()) << text;
        EXPECT_EQ(frame.error().reason, ReasonCode::malformed_packet) << text;
    }
}

TEST(CodecFrame, TakesOnlyTheFlagsOfEachType) {  // section 2.1.3, table 2-2
    for (unsigned first = 0; first < 256; ++first) {
        const unsigned type = first >> 4U;
        const unsigned flags = first & 0x0FU;
        const bool marked = type == 6 || type == 8 || type == 10;
        const bool good = type == 3 || (type != 0 && flags == (marked ? 2U : 0U));
        const std::string bytes{static_cast<char>(first), '\0'};
        const auto frame = next_frame(bytes, k_limit);
        EXPECT_EQ(frame.has_value(), good) << first;
        if (!frame) {
            EXPECT_EQ(frame.error().reason, ReasonCode::malformed_packet) << first;
        }
    }
}

TEST(CodecPing, HasNoBody) {  // sections 3.12 and 3.13
    for (const PacketType type : {PacketType::pingreq, PacketType::pingresp}) {
        std::string bytes;
        encode_ping(bytes, type);
        EXPECT_EQ(bytes.size(), 2U);
        EXPECT_TRUE(check_ping(frame_of(bytes)).has_value());
    }
    EXPECT_FALSE(check_ping(frame_of(packet(0xC0, "00"))).has_value());
}

}  // namespace
}  // namespace modax::mqtt
