// Properties (section 2.2.2): where each may stand, once or more often, and its value.
#include "codec_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace modax::mqtt {
namespace {

struct Property {
    unsigned id;
    const char* value;             // one valid value, in wire form
    std::set<PacketType> packets;  // table 2-4
    bool repeats = false;
};

const std::vector<Property>& table_2_4() {
    using enum PacketType;
    static const std::set<PacketType> k_answers{
        connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, auth};
    static const std::set<PacketType> k_all = [] {
        auto all = k_answers;
        all.insert({will, connect, publish, subscribe, unsubscribe});
        return all;
    }();
    static const std::vector<Property> k_table{
        {0x01, "01", {publish, will}},
        {0x02, "0000003C", {publish, will}},
        {0x03, "0001 'c'", {publish, will}},
        {0x08, "0001 'r'", {publish, will}},
        {0x09, "0001 00", {publish, will}},
        {0x0B, "01", {publish, subscribe}},
        {0x11, "00000001", {connect, connack, disconnect}},
        {0x12, "0001 'i'", {connack}},
        {0x13, "0001", {connack}},
        {0x15, "0001 'm'", {connect, connack, auth}},
        {0x16, "0001 00", {connect, connack, auth}},
        {0x17, "01", {connect}},
        {0x18, "00000001", {will}},
        {0x19, "01", {connect}},
        {0x1A, "0001 'i'", {connack}},
        {0x1C, "0001 's'", {connack, disconnect}},
        {0x1F, "0001 'r'", k_answers},
        {0x21, "0001", {connect, connack}},
        {0x22, "0001", {connect, connack}},
        {0x23, "0001", {publish}},
        {0x24, "01", {connack}},
        {0x25, "01", {connack}},
        {0x26, "0001 'k' 0001 'v'", k_all, true},
        {0x27, "00000100", {connect, connack}},
        {0x28, "01", {connack}},
        {0x29, "01", {connack}},
        {0x2A, "01", {connack}},
    };
    return k_table;
}

std::string with_length(const std::string& properties) {
    std::string bytes;
    put_variable_byte_integer(bytes, static_cast<std::uint32_t>(properties.size()));
    return bytes + properties;
}

Decoded<Properties> decode(const std::string& properties, PacketType packet) {
    // Kept for the views in the result.
    static std::string bytes;
    bytes = with_length(properties);
    Reader reader{bytes};
    return decode_properties(reader, packet);
}

TEST(CodecProperties, EachStandsOnlyWhereTable24AllowsIt) {
    for (unsigned id = 0; id < 0x80; ++id) {
        const auto& table = table_2_4();
        const auto known = std::find_if(table.begin(), table.end(), [id](const Property& property) {
            return property.id == id;
        });
        for (unsigned type = 0; type < 16; ++type) {
            const auto packet = static_cast<PacketType>(type);
            std::string bytes(1, static_cast<char>(id));
            if (known != table.end()) bytes += wire(known->value);
            const auto decoded = decode(bytes, packet);
            if (known == table.end()) {
                ASSERT_FALSE(decoded.has_value()) << id;
                EXPECT_EQ(decoded.error().reason, ReasonCode::malformed_packet) << id;
            } else if (known->packets.contains(packet)) {
                EXPECT_TRUE(decoded.has_value()) << id << " in " << type;
            } else {
                ASSERT_FALSE(decoded.has_value()) << id << " in " << type;
                EXPECT_EQ(decoded.error().reason, ReasonCode::protocol_error) << id;
            }
        }
    }
}

TEST(CodecProperties, OnlyUserPropertiesAndPublishedIdentifiersRepeat) {
    for (const Property& property : table_2_4()) {
        for (const PacketType packet : property.packets) {
            const std::string one = static_cast<char>(property.id) + wire(property.value);
            const bool repeats =
                property.repeats || (property.id == 0x0B && packet == PacketType::publish);
            const auto decoded = decode(one + one, packet);
            EXPECT_EQ(decoded.has_value(), repeats) << property.id;
            if (!decoded) {
                EXPECT_EQ(decoded.error().reason, ReasonCode::protocol_error);
            }
        }
    }
}

TEST(CodecProperties, EachIsRefusedAtEveryCut) {
    for (const Property& property : table_2_4()) {
        const std::string whole = static_cast<char>(property.id) + wire(property.value);
        for (std::size_t length = 1; length < whole.size(); ++length) {
            const auto decoded = decode(whole.substr(0, length), *property.packets.begin());
            ASSERT_FALSE(decoded.has_value()) << property.id << " at " << length;
            EXPECT_EQ(decoded.error().reason, ReasonCode::malformed_packet) << property.id;
        }
    }
}

TEST(CodecProperties, EachComesBackAsItWasEncoded) {
    for (const Property& property : table_2_4()) {
        for (const PacketType packet : property.packets) {
            const std::string one = static_cast<char>(property.id) + wire(property.value);
            const auto decoded = decode(one, packet);
            ASSERT_TRUE(decoded.has_value()) << property.id;
            std::string bytes;
            encode_properties(bytes, *decoded);
            EXPECT_EQ(bytes, with_length(one)) << property.id;
        }
    }
}

TEST(CodecProperties, LengthMustLieWithinThePacket) {  // section 2.2.2.1
    for (const char* text : {"", "01", "05 01 01", "80", "80 00"}) {
        const std::string bytes = wire(text);
        Reader reader{bytes};
        const auto decoded = decode_properties(reader, PacketType::publish);
        ASSERT_FALSE(decoded.has_value()) << text;
        EXPECT_EQ(decoded.error().reason, ReasonCode::malformed_packet) << text;
    }
}

TEST(CodecProperties, TextMustBeUtf8) {  // section 1.5.4
    for (const char* text :
         {"03 0001 FF", "03 0003 ED A0 80", "26 0001 00 0000", "26 0000 0001 C3"}) {
        EXPECT_FALSE(decode(wire(text), PacketType::publish).has_value()) << text;
    }
    // Correlation data is binary (section 3.3.2.3.6).
    EXPECT_TRUE(decode(wire("09 0001 FF"), PacketType::publish).has_value());
}

TEST(CodecProperties, FlagsAreZeroOrOne) {
    struct Flag {
        const char* bytes;
        PacketType packet;
    };
    using enum PacketType;
    for (const Flag& flag :
         {Flag{"01 02", publish},
          Flag{"17 02", connect},
          Flag{"19 02", connect},
          Flag{"24 02", connack},
          Flag{"25 02", connack},
          Flag{"28 02", connack},
          Flag{"29 FF", connack},
          Flag{"2A 02", connack}}) {
        const auto decoded = decode(wire(flag.bytes), flag.packet);
        ASSERT_FALSE(decoded.has_value()) << flag.bytes;
        EXPECT_EQ(decoded.error().reason, ReasonCode::protocol_error) << flag.bytes;
    }
}

}  // namespace
}  // namespace modax::mqtt
