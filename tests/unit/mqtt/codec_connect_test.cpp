// CONNECT (section 3.1) and CONNACK (section 3.2).
#include "codec_bytes.hpp"

#include <gtest/gtest.h>

namespace modax::mqtt {
namespace {

using enum ReasonCode;
constexpr auto k_v4 = ProtocolVersion::v3_1_1;
constexpr auto k_v5 = ProtocolVersion::v5;

TEST(CodecConnect, ReadsTheExampleOf311WithWillUserAndPassword) {  // 3.1.1, section 3.1.2
    const std::string bytes = packet(
        0x10, "0004 'MQTT' 04 EE 000A  0003 'cnc'  0001 'w' 0002 'by'  0001 'u' 0002 'p' 00"
    );
    const auto connect = decode_connect(frame_of(bytes));
    ASSERT_TRUE(connect.has_value()) << connect.error().detail;
    EXPECT_EQ(connect->version, k_v4);
    EXPECT_TRUE(connect->clean_start);
    EXPECT_EQ(connect->keep_alive, 10);
    EXPECT_EQ(connect->client_id, "cnc");
    ASSERT_TRUE(connect->will.has_value());
    EXPECT_EQ(connect->will->topic, "w");
    EXPECT_EQ(connect->will->payload, "by");
    EXPECT_EQ(connect->will->qos, 1);
    EXPECT_TRUE(connect->will->retain);
    EXPECT_EQ(connect->user, "u");
    EXPECT_EQ(connect->password, (std::string_view{"p\0", 2}));
}

TEST(CodecConnect, ReadsPropertiesOfVersion5) {  // section 3.1.2.11
    const std::string bytes = packet(
        0x10,
        "0004 'MQTT' 05 16 003C  14  11 00000E10  21 000A  27 00010000  22 0005  19 01  17 00"
        "  0000  05 18 00000007  0003 'w/t' 0000"
    );
    const auto connect = decode_connect(frame_of(bytes));
    ASSERT_TRUE(connect.has_value()) << connect.error().detail;
    EXPECT_EQ(connect->properties.session_expiry_interval, 3600U);
    EXPECT_EQ(connect->properties.receive_maximum, 10);
    EXPECT_EQ(connect->properties.maximum_packet_size, 65'536U);
    EXPECT_EQ(connect->properties.topic_alias_maximum, 5);
    EXPECT_EQ(connect->properties.request_response_information, 1);
    EXPECT_EQ(connect->properties.request_problem_information, 0);
    EXPECT_TRUE(connect->client_id.empty());
    ASSERT_TRUE(connect->will.has_value());
    EXPECT_EQ(connect->will->qos, 2);
    EXPECT_EQ(connect->will->properties.will_delay_interval, 7U);
    EXPECT_FALSE(connect->user.has_value());
}

TEST(CodecConnect, Version5AllowsAPasswordWithoutUser) {  // section 3.1.2.9
    const std::string bytes = packet(0x10, "0004 'MQTT' 05 42 0000 00 0001 'c' 0001 'p'");
    const auto connect = decode_connect(frame_of(bytes));
    ASSERT_TRUE(connect.has_value()) << connect.error().detail;
    EXPECT_EQ(connect->password, "p");
}

TEST(CodecConnect, ComesBackAsItWasEncoded) {
    ConnectPacket connect;
    connect.clean_start = false;
    connect.keep_alive = 65'535;
    connect.client_id = "c";
    connect.will =
        Will{.topic = "a/b", .payload = "gone", .qos = 2, .retain = true, .properties = {}};
    connect.user = "";
    connect.password = "secret";
    for (const auto version : {k_v4, k_v5}) {
        connect.version = version;
        std::string bytes;
        encode(bytes, connect);
        const auto recoded = recode(frame_of(bytes), version);
        ASSERT_TRUE(recoded.has_value()) << recoded.error().detail;
        EXPECT_EQ(*recoded, bytes);
    }
}

class CodecConnectRefused : public testing::TestWithParam<Refused> {};

TEST_P(CodecConnectRefused, WithItsReason) {
    expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Section31,
    CodecConnectRefused,
    testing::Values(
        Refused{"s3121_no_name", k_v4, 0x10, "", malformed_packet},
        Refused{
            "s3121_old_name",
            k_v4,
            0x10,
            "0006 'MQIsdp' 03 02 0000 0001 'c'",
            unsupported_protocol_version},
        Refused{
            "s3121_other_case",
            k_v4,
            0x10,
            "0004 'mqtt' 04 02 0000 0001 'c'",
            unsupported_protocol_version},
        Refused{
            "s3122_level_3",
            k_v4,
            0x10,
            "0004 'MQTT' 03 02 0000 0001 'c'",
            unsupported_protocol_version},
        Refused{
            "s3122_level_6",
            k_v5,
            0x10,
            "0004 'MQTT' 06 02 0000 00 0001 'c'",
            unsupported_protocol_version},
        Refused{
            "s3123_reserved_flag", k_v4, 0x10, "0004 'MQTT' 04 03 0000 0001 'c'", malformed_packet},
        Refused{
            "s3126_will_qos_3",
            k_v4,
            0x10,
            "0004 'MQTT' 04 1E 0000 0001 'c' 0001 'w' 0000",
            malformed_packet},
        Refused{
            "s3126_will_qos_without_will",
            k_v4,
            0x10,
            "0004 'MQTT' 04 0A 0000 0001 'c'",
            malformed_packet},
        Refused{
            "s3127_will_retain_without_will",
            k_v5,
            0x10,
            "0004 'MQTT' 05 22 0000 00 0001 'c'",
            malformed_packet},
        Refused{
            "v311_s3129_password_without_user",
            k_v4,
            0x10,
            "0004 'MQTT' 04 42 0000 0001 'c' 0001 'p'",
            malformed_packet},
        Refused{"s313_no_client_id", k_v4, 0x10, "0004 'MQTT' 04 02 0000", malformed_packet},
        Refused{
            "s3131_client_id_no_utf8",
            k_v4,
            0x10,
            "0004 'MQTT' 04 02 0000 0001 FF",
            malformed_packet},
        Refused{
            "s3133_will_topic_with_wildcard",
            k_v4,
            0x10,
            "0004 'MQTT' 04 06 0000 0001 'c' 0001 '#' 0000",
            topic_name_invalid},
        Refused{
            "s3133_will_topic_empty",
            k_v5,
            0x10,
            "0004 'MQTT' 05 06 0000 00 0001 'c' 00 0000 0000",
            topic_name_invalid},
        Refused{
            "s31326_will_response_topic_with_wildcard",
            k_v5,
            0x10,
            "0004 'MQTT' 05 06 0000 00 0001 'c' 04 08 0001 '+' 0001 'w' 0000",
            protocol_error},
        Refused{"s3135_no_user", k_v4, 0x10, "0004 'MQTT' 04 82 0000 0001 'c'", malformed_packet},
        Refused{
            "s3136_password_cut",
            k_v4,
            0x10,
            "0004 'MQTT' 04 C2 0000 0001 'c' 0001 'u' 0002 'p'",
            malformed_packet},
        Refused{
            "s214_bytes_behind_the_end",
            k_v4,
            0x10,
            "0004 'MQTT' 04 02 0000 0001 'c' 00",
            malformed_packet},
        Refused{
            "s312112_receive_maximum_0",
            k_v5,
            0x10,
            "0004 'MQTT' 05 02 0000 03 21 0000 0001 'c'",
            protocol_error},
        Refused{
            "s312114_maximum_packet_size_0",
            k_v5,
            0x10,
            "0004 'MQTT' 05 02 0000 05 27 00000000 0001 'c'",
            protocol_error},
        Refused{
            "s312116_request_response_information_2",
            k_v5,
            0x10,
            "0004 'MQTT' 05 02 0000 02 19 02 0001 'c'",
            protocol_error},
        Refused{
            "s3121110_authentication_data_alone",
            k_v5,
            0x10,
            "0004 'MQTT' 05 02 0000 04 16 0001 'x' 0001 'c'",
            protocol_error},
        Refused{
            "s31211_session_expiry_twice",
            k_v5,
            0x10,
            "0004 'MQTT' 05 02 0000 0A 11 00000001 11 00000001 0001 'c'",
            protocol_error}
    ),
    case_name
);
INSTANTIATE_TEST_SUITE_P(
    Section32,
    CodecConnectRefused,
    testing::Values(
        Refused{"s3221_reserved_flags", k_v4, 0x20, "02 00", malformed_packet},
        Refused{"s32_cut", k_v4, 0x20, "00", malformed_packet},
        Refused{"s32_too_long", k_v4, 0x20, "00 00 00", malformed_packet},
        Refused{"s322_no_properties", k_v5, 0x20, "00 00", malformed_packet},
        Refused{"s32234_maximum_qos_2", k_v5, 0x20, "00 00 02 24 02", protocol_error}
    ),
    case_name
);

TEST(CodecConnack, ComesBackInBothVersions) {  // section 3.2
    ConnackPacket connack;
    connack.session_present = true;
    for (const auto version : {k_v4, k_v5}) {
        std::string bytes;
        encode(bytes, connack, version);
        EXPECT_EQ(bytes, version == k_v4 ? wire("20 02 01 00") : wire("20 03 01 00 00"));
        const auto decoded = decode_connack(frame_of(bytes), version);
        ASSERT_TRUE(decoded.has_value());
        EXPECT_TRUE(decoded->session_present);
    }
}

TEST(CodecConnack, ReasonsBecomeReturnCodesOf311) {  // 3.1.1, table 3.1
    EXPECT_EQ(connack_return_code(success), 0);
    EXPECT_EQ(connack_return_code(unsupported_protocol_version), 1);
    EXPECT_EQ(connack_return_code(client_identifier_not_valid), 2);
    EXPECT_EQ(connack_return_code(server_busy), 3);
    EXPECT_EQ(connack_return_code(bad_user_name_or_password), 4);
    EXPECT_EQ(connack_return_code(not_authorized), 5);
}

}  // namespace
}  // namespace modax::mqtt
