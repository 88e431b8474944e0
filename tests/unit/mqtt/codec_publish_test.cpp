// PUBLISH (section 3.3) and its acknowledgements (sections 3.4 to 3.7).
#include "codec_bytes.hpp"

#include <gtest/gtest.h>

namespace modax::mqtt {
namespace {

using enum ReasonCode;
constexpr auto k_v4 = ProtocolVersion::v3_1_1;
constexpr auto k_v5 = ProtocolVersion::v5;

TEST(CodecPublish, ReadsFlagsTopicIdentifierAndPayload) {  // section 3.3
    const std::string bytes = packet(0x3D, "0003 'a/b' 000A '{}'");
    const auto publish = decode_publish(frame_of(bytes), k_v4);
    ASSERT_TRUE(publish.has_value()) << publish.error().detail;
    EXPECT_EQ(publish->topic, "a/b");
    EXPECT_EQ(publish->packet_id, 10);
    EXPECT_EQ(publish->qos, 2);
    EXPECT_TRUE(publish->duplicate);
    EXPECT_TRUE(publish->retain);
    EXPECT_EQ(publish->payload, "{}");
    // In place: the views lie in the buffer.
    EXPECT_EQ(publish->topic.data(), bytes.data() + 4);
    EXPECT_EQ(publish->payload.data(), bytes.data() + 9);
}

TEST(CodecPublish, Qos0HasNoIdentifierAndMayBeEmpty) {  // sections 2.2.1 and 3.3.3
    const std::string bytes = packet(0x30, "0001 'a'");
    const auto publish = decode_publish(frame_of(bytes), k_v4);
    ASSERT_TRUE(publish.has_value());
    EXPECT_EQ(publish->packet_id, 0);
    EXPECT_TRUE(publish->payload.empty());
}

TEST(CodecPublish, ReadsPropertiesOfVersion5) {  // section 3.3.2.3
    const std::string bytes = packet(
        0x32,
        "0001 't' 0001 2A  01 01  02 0000003C  23 0004  08 0001 'r'  09 0002 00FF  03 0001 'j'"
        "  26 0001 'k' 0001 'v'  26 0001 'k' 0001 'w'  0B FF7F 0B 01  'p'"
    );
    const auto publish = decode_publish(frame_of(bytes), k_v5);
    ASSERT_TRUE(publish.has_value()) << publish.error().detail;
    const Properties& p = publish->properties;
    EXPECT_EQ(p.payload_format_indicator, 1);
    EXPECT_EQ(p.message_expiry_interval, 60U);
    EXPECT_EQ(p.topic_alias, 4);
    EXPECT_EQ(p.response_topic, "r");
    EXPECT_EQ(p.correlation_data, wire("00FF"));
    EXPECT_EQ(p.content_type, "j");
    ASSERT_EQ(p.user_properties.size(), 2U);
    EXPECT_EQ(p.user_properties[1].second, "w");
    EXPECT_EQ(p.subscription_identifiers, (std::vector<std::uint32_t>{16'383, 1}));
    EXPECT_EQ(publish->payload, "p");
}

TEST(CodecPublish, TopicMayBeEmptyWithAnAlias) {  // section 3.3.2.3.4
    const std::string bytes = packet(0x30, "0000 03 23 0001 'p'");
    const auto publish = decode_publish(frame_of(bytes), k_v5);
    ASSERT_TRUE(publish.has_value()) << publish.error().detail;
    EXPECT_TRUE(publish->topic.empty());
    EXPECT_EQ(publish->properties.topic_alias, 1);
}

class CodecPublishRefused : public testing::TestWithParam<Refused> {};

TEST_P(CodecPublishRefused, WithItsReason) {
    expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Section33,
    CodecPublishRefused,
    testing::Values(
        Refused{"s3311_dup_with_qos_0", k_v4, 0x38, "0001 'a'", malformed_packet},
        Refused{"s3312_qos_3", k_v4, 0x36, "0001 'a' 0001", malformed_packet},
        Refused{"s3321_no_topic", k_v4, 0x30, "", malformed_packet},
        Refused{"s3321_topic_cut", k_v4, 0x30, "0005 'a'", malformed_packet},
        Refused{"s3321_topic_empty", k_v4, 0x30, "0000 'p'", protocol_error},
        Refused{"s3321_topic_with_plus", k_v4, 0x30, "0003 'a/+'", topic_name_invalid},
        Refused{"s3321_topic_with_hash", k_v5, 0x30, "0001 '#' 00", topic_name_invalid},
        Refused{"s154_topic_with_nul", k_v4, 0x30, "0003 'a' 00 'b'", malformed_packet},
        Refused{"s154_topic_with_surrogate", k_v4, 0x30, "0003 ED A0 80", malformed_packet},
        Refused{"s221_identifier_0", k_v4, 0x32, "0001 'a' 0000", protocol_error},
        Refused{"s221_identifier_cut", k_v4, 0x32, "0001 'a' 00", malformed_packet},
        Refused{"s3321_neither_topic_nor_alias", k_v5, 0x30, "0000 00", protocol_error},
        Refused{"s3323_no_properties", k_v5, 0x30, "0001 'a'", malformed_packet},
        Refused{"s33234_alias_0", k_v5, 0x30, "0001 'a' 03 23 0000", topic_alias_invalid},
        Refused{
            "s33235_response_topic_with_wildcard",
            k_v5,
            0x30,
            "0001 'a' 04 08 0001 '#'",
            protocol_error},
        Refused{
            "s33238_subscription_identifier_0", k_v5, 0x30, "0001 'a' 02 0B 00", protocol_error},
        Refused{"s33232_payload_format_2", k_v5, 0x30, "0001 'a' 02 01 02", protocol_error}
    ),
    case_name
);
INSTANTIATE_TEST_SUITE_P(
    Sections34To37,
    CodecPublishRefused,
    testing::Values(
        Refused{"s34_empty", k_v4, 0x40, "", malformed_packet},
        Refused{"s34_one_byte", k_v5, 0x40, "01", malformed_packet},
        Refused{"s221_identifier_0_in_puback", k_v4, 0x40, "0000", protocol_error},
        Refused{"v311_s34_reason", k_v4, 0x40, "0001 00", malformed_packet},
        Refused{"s3421_reason_of_connack", k_v5, 0x40, "0001 86", protocol_error},
        Refused{"s3521_reason_unknown", k_v5, 0x50, "0001 7F", protocol_error},
        Refused{"s3621_reason_of_puback", k_v5, 0x62, "0001 10", protocol_error},
        Refused{"s3721_reason_of_puback", k_v5, 0x70, "0001 97", protocol_error},
        Refused{"s3422_property_of_publish", k_v5, 0x40, "0001 00 02 01 01", protocol_error},
        Refused{"s214_bytes_behind_the_end", k_v5, 0x40, "0001 00 00 00", malformed_packet}
    ),
    case_name
);

TEST(CodecAck, ReasonAndPropertiesMayBeLeftOut) {  // sections 3.4.2.1 and 3.4.2.2.1
    for (const char* body : {"1234", "1234 00", "1234 00 00"}) {
        const std::string bytes = packet(0x40, body);
        const auto ack = decode_ack(frame_of(bytes), k_v5);
        ASSERT_TRUE(ack.has_value()) << body;
        EXPECT_EQ(ack->packet_id, 0x1234);
        EXPECT_EQ(ack->reason, success);
    }
    const std::string bytes = packet(0x50, "0001 97 04 1F 0001 'r'");
    const auto ack = decode_ack(frame_of(bytes), k_v5);
    ASSERT_TRUE(ack.has_value());
    EXPECT_EQ(ack->reason, quota_exceeded);
    EXPECT_EQ(ack->properties.reason_string, "r");
}

TEST(CodecAck, IsEncodedAsShortAsItMayBe) {  // sections 3.4 to 3.7
    std::string bytes;
    encode_ack(bytes, PacketType::puback, 1, success, k_v5);
    encode_ack(bytes, PacketType::pubrel, 2, packet_identifier_not_found, k_v5);
    encode_ack(bytes, PacketType::pubrec, 3, quota_exceeded, k_v4);
    EXPECT_EQ(bytes, wire("40 02 0001  62 03 0002 92  50 02 0003"));
}

struct Outgoing {
    ProtocolVersion version;
    std::uint8_t qos;
    std::size_t payload;
    std::size_t identifiers;
};

TEST(CodecOutgoingPublish, HeadAndPayloadAreThePublish) {  // section 3.3
    Properties properties;
    properties.content_type = "application/json";
    properties.user_properties.emplace_back("k", "v");
    const std::string forwarded = forwarded_properties(properties);
    // Either side of where the remaining length and the property length grow by a byte.
    for (const Outgoing& wanted :
         {Outgoing{k_v4, 0, 0, 0},
          Outgoing{k_v4, 1, 120, 0},
          Outgoing{k_v4, 2, 16'380, 0},
          Outgoing{k_v5, 0, 0, 0},
          Outgoing{k_v5, 1, 84, 1},
          Outgoing{k_v5, 1, 85, 1},
          Outgoing{k_v5, 2, 2'097'200, 60}}) {
        const std::string payload(wanted.payload, 'x');
        const std::vector<std::uint32_t> identifiers(wanted.identifiers, 300);
        OutgoingPublish outgoing;
        outgoing.topic = "modax/sensor/data/cnc-01";
        outgoing.payload = payload;
        outgoing.forwarded_properties = forwarded;
        outgoing.message_expiry_interval = 30;
        outgoing.subscription_identifiers = identifiers;
        outgoing.topic_alias = std::uint16_t{2};
        outgoing.packet_id = wanted.qos > 0 ? 77 : 0;
        outgoing.qos = wanted.qos;
        outgoing.retain = true;
        std::string bytes;
        encode_publish_head(bytes, outgoing, wanted.version);
        bytes += payload;
        EXPECT_EQ(bytes.size(), encoded_size(outgoing, wanted.version));
        const auto frame = next_frame(bytes, bytes.size());
        ASSERT_TRUE(frame.has_value() && frame->has_value());
        const auto publish = decode_publish(**frame, wanted.version);
        ASSERT_TRUE(publish.has_value()) << publish.error().detail;
        EXPECT_EQ(publish->topic, outgoing.topic);
        EXPECT_EQ(publish->payload, payload);
        EXPECT_EQ(publish->packet_id, outgoing.packet_id);
        EXPECT_TRUE(publish->retain);
        if (wanted.version == k_v4) continue;
        EXPECT_EQ(publish->properties.content_type, properties.content_type);
        EXPECT_EQ(publish->properties.user_properties, properties.user_properties);
        EXPECT_EQ(publish->properties.message_expiry_interval, 30U);
        EXPECT_EQ(publish->properties.topic_alias, 2);
        EXPECT_EQ(publish->properties.subscription_identifiers, identifiers);
    }
}

TEST(CodecOutgoingPublish, ForwardsOnlyWhatTravels) {  // sections 3.3.2.3.2, .3, .4, .8
    Properties properties;
    properties.message_expiry_interval = 5;
    properties.topic_alias = std::uint16_t{1};
    properties.subscription_identifiers = {7};
    EXPECT_TRUE(forwarded_properties(properties).empty());
}

}  // namespace
}  // namespace modax::mqtt
