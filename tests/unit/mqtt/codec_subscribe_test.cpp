// SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK (sections 3.8 to 3.11), DISCONNECT (3.14), AUTH (3.15).
#include "codec_bytes.hpp"

#include <gtest/gtest.h>

namespace modax::mqtt {
namespace {

using enum ReasonCode;
constexpr auto k_v4 = ProtocolVersion::v3_1_1;
constexpr auto k_v5 = ProtocolVersion::v5;

TEST(CodecSubscribe, ReadsFiltersAndOptions) {  // section 3.8.3
    const std::string bytes = packet(0x82, "000A 02 0B 07 0001 '#' 00 0003 'a/+' 1E");
    const auto subscribe = decode_subscribe(frame_of(bytes), k_v5);
    ASSERT_TRUE(subscribe.has_value()) << subscribe.error().detail;
    EXPECT_EQ(subscribe->packet_id, 10);
    EXPECT_EQ(subscribe->properties.subscription_identifiers, (std::vector<std::uint32_t>{7}));
    ASSERT_EQ(subscribe->requests.size(), 2U);
    EXPECT_EQ(subscribe->requests[0].filter, "#");
    EXPECT_EQ(subscribe->requests[1].qos(), 2);
    EXPECT_TRUE(subscribe->requests[1].no_local());
    EXPECT_TRUE(subscribe->requests[1].retain_as_published());
    EXPECT_EQ(subscribe->requests[1].retain_handling(), 1);
}

class CodecSubscribeRefused : public testing::TestWithParam<Refused> {};

TEST_P(CodecSubscribeRefused, WithItsReason) {
    expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Section38,
    CodecSubscribeRefused,
    testing::Values(
        Refused{"s383_no_filter", k_v4, 0x82, "0001", protocol_error},
        Refused{"s383_no_filter_v5", k_v5, 0x82, "0001 00", protocol_error},
        Refused{"s221_identifier_0", k_v4, 0x82, "0000 0001 'a' 00", protocol_error},
        Refused{"s383_no_options", k_v4, 0x82, "0001 0001 'a'", malformed_packet},
        Refused{"s383_filter_cut", k_v4, 0x82, "0001 0009 'a' 00", malformed_packet},
        Refused{"s383_filter_no_utf8", k_v4, 0x82, "0001 0001 80 00", malformed_packet},
        Refused{"s3831_qos_3", k_v4, 0x82, "0001 0001 'a' 03", malformed_packet},
        Refused{"v311_s383_reserved_bits", k_v4, 0x82, "0001 0001 'a' 04", malformed_packet},
        Refused{"s3831_reserved_bits", k_v5, 0x82, "0001 00 0001 'a' 40", malformed_packet},
        Refused{"s3831_retain_handling_3", k_v5, 0x82, "0001 00 0001 'a' 30", protocol_error},
        Refused{
            "s3831_no_local_on_shared", k_v5, 0x82, "0001 00 000A '$share/g/a' 04", protocol_error},
        Refused{"s38212_identifier_0", k_v5, 0x82, "0001 02 0B 00 0001 'a' 00", protocol_error},
        Refused{
            "s38212_identifier_twice",
            k_v5,
            0x82,
            "0001 04 0B 01 0B 02 0001 'a' 00",
            protocol_error},
        Refused{
            "s3821_property_of_publish", k_v5, 0x82, "0001 03 23 0001 0001 'a' 00", protocol_error}
    ),
    case_name
);
INSTANTIATE_TEST_SUITE_P(
    Sections39To311,
    CodecSubscribeRefused,
    testing::Values(
        Refused{"s39_empty", k_v4, 0x90, "", malformed_packet},
        Refused{"s393_no_reason", k_v4, 0x90, "0001", malformed_packet},
        Refused{"s3103_no_filter", k_v4, 0xA2, "0001", protocol_error},
        Refused{"s3103_filter_cut", k_v4, 0xA2, "0001 0002 'a'", malformed_packet},
        Refused{"s3102_identifier_0", k_v5, 0xA2, "0000 00 0001 'a'", protocol_error},
        Refused{
            "s31021_property_of_subscribe", k_v5, 0xA2, "0001 02 0B 01 0001 'a'", protocol_error},
        Refused{"v311_s311_payload", k_v4, 0xB0, "0001 00", malformed_packet},
        Refused{"s3113_no_reason", k_v5, 0xB0, "0001 00", malformed_packet}
    ),
    case_name
);
INSTANTIATE_TEST_SUITE_P(
    Sections314And315,
    CodecSubscribeRefused,
    testing::Values(
        Refused{"v311_s314_body", k_v4, 0xE0, "00", malformed_packet},
        Refused{"s31421_reason_of_connack", k_v5, 0xE0, "86", protocol_error},
        Refused{"s31421_reason_unknown", k_v5, 0xE0, "01", protocol_error},
        Refused{"s31421_reason_above_all", k_v5, 0xE0, "FF", protocol_error},
        Refused{"s3142_bytes_behind_the_end", k_v5, 0xE0, "00 00 00", malformed_packet},
        Refused{"s31422_property_of_publish", k_v5, 0xE0, "00 02 01 01", protocol_error},
        Refused{"s315_before_version_5", k_v4, 0xF0, "", protocol_error},
        Refused{"s31521_reason", k_v5, 0xF0, "80", protocol_error}
    ),
    case_name
);

TEST(CodecUnsubscribe, ReadsFilters) {  // section 3.10.3
    const std::string bytes = packet(0xA2, "0001 0001 'a' 0003 'b/#'");
    const auto unsubscribe = decode_unsubscribe(frame_of(bytes), k_v4);
    ASSERT_TRUE(unsubscribe.has_value()) << unsubscribe.error().detail;
    EXPECT_EQ(unsubscribe->filters, (std::vector<std::string_view>{"a", "b/#"}));
}

TEST(CodecReasonList, FailuresOf311AreAll0x80) {  // 3.1.1, section 3.9.3
    ReasonListPacket suback;
    suback.packet_id = 1;
    suback.reasons = {0, 1, 2, 0x87, 0x8F};
    std::string bytes;
    encode(bytes, suback, k_v4);
    EXPECT_EQ(bytes, wire("90 07 0001 00 01 02 80 80"));
    const auto decoded = decode_reason_list(frame_of(bytes), k_v4);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->reasons.size(), 5U);
}

TEST(CodecReasonList, UnsubackOf311HasNone) {  // 3.1.1, section 3.11
    ReasonListPacket unsuback;
    unsuback.type = PacketType::unsuback;
    unsuback.packet_id = 1;
    unsuback.reasons = {0, 0x11};
    std::string bytes;
    encode(bytes, unsuback, k_v4);
    encode(bytes, unsuback, k_v5);
    EXPECT_EQ(bytes, wire("B0 02 0001  B0 05 0001 00 00 11"));
}

TEST(CodecDisconnect, MayBeLeftEmptyInVersion5) {  // sections 3.14.2.1 and 3.14.2.2.1
    for (const char* body : {"", "00", "00 00"}) {
        const std::string bytes = packet(0xE0, body);
        const auto disconnect = decode_reason(frame_of(bytes), k_v5);
        ASSERT_TRUE(disconnect.has_value()) << body;
        EXPECT_EQ(disconnect->reason, success);
    }
    const std::string bytes = packet(0xE0, "04 05 11 00000000");
    const auto disconnect = decode_reason(frame_of(bytes), k_v5);
    ASSERT_TRUE(disconnect.has_value());
    EXPECT_EQ(disconnect->reason, disconnect_with_will);
    EXPECT_EQ(disconnect->properties.session_expiry_interval, 0U);
}

TEST(CodecDisconnect, EveryReasonWeSendIsTaken) {  // section 3.14.2.1, table 3-10
    for (const ReasonCode reason :
         {success,
          disconnect_with_will,
          unspecified_error,
          malformed_packet,
          protocol_error,
          implementation_specific_error,
          not_authorized,
          server_busy,
          server_shutting_down,
          keep_alive_timeout,
          session_taken_over,
          topic_filter_invalid,
          topic_name_invalid,
          receive_maximum_exceeded,
          topic_alias_invalid,
          packet_too_large,
          quota_exceeded,
          administrative_action,
          payload_format_invalid,
          retain_not_supported,
          connection_rate_exceeded,
          wildcard_subscriptions_not_supported}) {
        std::string bytes;
        encode(bytes, ReasonPacket{.reason = reason, .properties = {}}, k_v5);
        const auto decoded = decode_reason(frame_of(bytes), k_v5);
        ASSERT_TRUE(decoded.has_value()) << static_cast<int>(reason);
        EXPECT_EQ(decoded->reason, reason);
    }
}

TEST(CodecAuth, TakesItsThreeReasons) {  // section 3.15.2.1
    for (const char* body : {"", "18 00", "19 04 15 0001 'm'"}) {
        const std::string bytes = packet(0xF0, body);
        EXPECT_TRUE(decode_reason(frame_of(bytes), k_v5).has_value()) << body;
    }
}

}  // namespace
}  // namespace modax::mqtt
