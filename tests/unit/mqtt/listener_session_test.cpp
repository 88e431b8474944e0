// Sessions of the listener: take-over, expiry, and coming back (MQTT 5, sections 3.1.2 and 4.1).
#include "support/listener_fixture.hpp"

namespace modax::mqtt {
namespace {

using test::ListenerBothVersions;
using test::ListenerTest;

constexpr std::uint32_t k_week = 7 * 24 * 3600;  // seconds

using ListenerSession = ListenerBothVersions;
using ListenerSessionV5 = ListenerTest;

// The session of the first ends with its connection, in the middle of the second's CONNECT.
TEST_P(ListenerSession, clean_session_is_taken_over) {
    start();
    auto first = connected(version(), "press-01");
    first.subscribe("plant/a");
    auto second = connected(version(), "press-01");
    EXPECT_FALSE(session_present_);
    const auto told = first.until_closed();
    if (is_v5()) {
        ASSERT_EQ(told.size(), 1U);
        EXPECT_EQ(told[0].reason().reason, ReasonCode::session_taken_over);
    } else {
        EXPECT_TRUE(told.empty());
    }
    second.publish("plant/a", "for nobody", {.qos = 1, .packet_id = 1});
    EXPECT_EQ(second.expect(PacketType::puback).ack().packet_id, 1);
    EXPECT_TRUE(second.pending().empty());
    await_connections(1);
}

TEST_P(ListenerSession, lasting_session_is_taken_over_with_its_subscriptions) {
    start();
    auto first = connected(lasting(version(), "press-01"));
    EXPECT_FALSE(session_present_);
    EXPECT_EQ(first.subscribe("plant/a", 1), 1);
    auto second = connected(lasting(version(), "press-01"));
    EXPECT_TRUE(session_present_);
    const auto told = first.until_closed();
    EXPECT_EQ(told.size(), is_v5() ? 1U : 0U);
    second.publish("plant/a", "hello", {.qos = 1, .packet_id = 1});
    EXPECT_EQ(second.expect(PacketType::publish).publish().payload, "hello");
    EXPECT_EQ(second.expect(PacketType::puback).ack().packet_id, 1);
}

TEST_P(ListenerSession, clean_start_forgets_a_lasting_session) {
    start();
    connected(lasting(version(), "press-01")).subscribe("plant/a", 1);
    await_connections(0);
    connected(version(), "press-01").disconnect();
    EXPECT_FALSE(session_present_);
    await_connections(0);
    connected(lasting(version(), "press-01"));
    EXPECT_FALSE(session_present_);
    EXPECT_EQ(figure("modax_mqtt_subscriptions"), 0);
}

TEST_P(ListenerSession, belongs_to_its_user) {
    authenticator_.add_user("anna", "secret");
    start();
    auto packet = lasting(version(), "press-01");
    packet.user = "anna";
    packet.password = "secret";
    auto owner = connected(packet);
    auto thief = client(version());
    thief.connect(lasting(version(), "press-01"));
    const auto answer = thief.expect(PacketType::connack).connack();
    EXPECT_EQ(answer.reason, is_v5() ? 0x87 : 5);
    EXPECT_TRUE(thief.until_closed().empty());
    EXPECT_TRUE(owner.pending().empty());
}

TEST_P(ListenerSession, messages_wait_for_a_client_that_is_away) {
    start();
    auto away = connected(lasting(version(), "away"));
    away.subscribe("plant/#", 1);
    away.disconnect();
    away.until_closed();
    auto publisher = connected(version(), "publisher");
    publisher.publish("plant/0", "lost: QoS 0 is not kept");
    for (std::uint16_t i = 1; i <= 3; ++i) {
        publisher.publish("plant/1", std::to_string(i), {.qos = 1, .packet_id = i});
    }
    for (int i = 1; i <= 3; ++i) publisher.expect(PacketType::puback);

    auto back = connected(lasting(version(), "away"));
    EXPECT_TRUE(session_present_);
    for (int i = 1; i <= 3; ++i) {
        const auto packet = back.expect(PacketType::publish);
        EXPECT_EQ(packet.publish().payload, std::to_string(i));
        EXPECT_FALSE(packet.publish().duplicate);
        back.ack(PacketType::puback, packet.publish().packet_id);
    }
    EXPECT_TRUE(back.pending().empty());
}

TEST_P(ListenerSession, what_was_not_acknowledged_comes_again_as_duplicate) {
    start();
    auto first = connected(lasting(version(), "reader"));
    first.subscribe("plant/#", 1);
    auto publisher = connected(version(), "publisher");
    publisher.publish("plant/1", "a", {.qos = 1, .packet_id = 1});
    publisher.publish("plant/1", "b", {.qos = 1, .packet_id = 2});
    const auto a = first.expect(PacketType::publish);
    const auto b = first.expect(PacketType::publish);
    first.ack(PacketType::puback, a.publish().packet_id);
    first.pending();

    auto second = connected(lasting(version(), "reader"));
    const auto again = second.expect(PacketType::publish);
    EXPECT_EQ(again.publish().payload, "b");
    EXPECT_TRUE(again.publish().duplicate);
    EXPECT_EQ(again.publish().packet_id, b.publish().packet_id);
    EXPECT_TRUE(second.pending().empty());
}

TEST_P(ListenerSession, ends_when_it_expires) {
    start();
    connected(lasting(version(), "press-01")).subscribe("plant/a");
    await_connections(0);
    const std::chrono::seconds expiry{is_v5() ? 3600 : k_week};
    clock_.advance(expiry - std::chrono::seconds{1});
    connected(lasting(version(), "press-01")).disconnect();
    EXPECT_TRUE(session_present_);
    await_connections(0);
    clock_.advance(expiry);
    await([this] { return figure("modax_mqtt_sessions") == 0; });
    connected(lasting(version(), "press-01"));
    EXPECT_FALSE(session_present_);
}

INSTANTIATE_TEST_SUITE_P(
    Versions,
    ListenerSession,
    testing::Values(ProtocolVersion::v3_1_1, ProtocolVersion::v5),
    test::version_name
);

TEST_F(ListenerSessionV5, expiry_is_limited_and_told) {
    start();
    auto client = this->client(ProtocolVersion::v5);
    auto packet = hello(ProtocolVersion::v5, "press-01");
    packet.properties.session_expiry_interval = 0xFFFFFFFF;
    client.connect(packet);
    const auto answer = client.expect(PacketType::connack);
    EXPECT_EQ(answer.connack().properties.session_expiry_interval, k_week);
}

TEST_F(ListenerSessionV5, disconnect_may_end_the_session) {
    start();
    auto client = connected(lasting(ProtocolVersion::v5, "press-01"));
    Properties properties;
    properties.session_expiry_interval = 0;
    client.disconnect(ReasonCode::success, properties);
    client.until_closed();
    connected(lasting(ProtocolVersion::v5, "press-01"));
    EXPECT_FALSE(session_present_);
}

TEST_F(ListenerSessionV5, disconnect_may_not_make_a_session_lasting) {
    start();
    auto client = connected(ProtocolVersion::v5, "press-01");
    Properties properties;
    properties.session_expiry_interval = 60;
    client.disconnect(ReasonCode::success, properties);
    const auto told = client.until_closed();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].reason().reason, ReasonCode::protocol_error);
    EXPECT_EQ(figure("modax_mqtt_sessions"), 0);
}

TEST_F(ListenerSessionV5, resent_messages_respect_the_new_receive_maximum) {
    start();
    auto first = connected(lasting(ProtocolVersion::v5, "reader"));
    first.subscribe("plant/#", 1);
    auto publisher = connected(ProtocolVersion::v5, "publisher");
    for (std::uint16_t i = 1; i <= 5; ++i) {
        publisher.publish("plant/1", std::to_string(i), {.qos = 1, .packet_id = i});
    }
    for (int i = 1; i <= 5; ++i) first.expect(PacketType::publish);

    auto packet = lasting(ProtocolVersion::v5, "reader");
    packet.properties.receive_maximum = 2;
    auto second = connected(packet);
    int next = 1;
    auto sent = second.pending();
    ASSERT_EQ(sent.size(), 2U);
    while (next <= 5) {
        ASSERT_FALSE(sent.empty());
        EXPECT_LE(sent.size(), 2U);
        for (const auto& one : sent) {
            EXPECT_EQ(one.publish().payload, std::to_string(next++));
            EXPECT_TRUE(one.publish().duplicate);
        }
        for (const auto& one : sent) second.ack(PacketType::puback, one.publish().packet_id);
        sent = second.pending();
    }
    EXPECT_TRUE(sent.empty());
}

}  // namespace
}  // namespace modax::mqtt
