// Properties of MQTT 5 packets (section 2.2.2). Decoded ones are views into the packet.
#pragma once

#include "mqtt/codec/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::mqtt {

// Control packet types (section 2.1.2). `will` is no packet: the will properties within CONNECT.
enum class PacketType : std::uint8_t {
    will = 0,
    connect = 1,
    connack = 2,
    publish = 3,
    puback = 4,
    pubrec = 5,
    pubrel = 6,
    pubcomp = 7,
    subscribe = 8,
    suback = 9,
    unsubscribe = 10,
    unsuback = 11,
    pingreq = 12,
    pingresp = 13,
    disconnect = 14,
    auth = 15,
};

struct Properties {
    std::optional<std::uint8_t> payload_format_indicator;
    std::optional<std::uint32_t> message_expiry_interval;  // seconds
    std::optional<std::string_view> content_type;
    std::optional<std::string_view> response_topic;
    std::optional<std::string_view> correlation_data;
    std::vector<std::uint32_t> subscription_identifiers;
    std::optional<std::uint32_t> session_expiry_interval;  // seconds; 0xFFFFFFFF: never
    std::optional<std::string_view> assigned_client_identifier;
    std::optional<std::uint16_t> server_keep_alive;  // seconds
    std::optional<std::string_view> authentication_method;
    std::optional<std::string_view> authentication_data;
    std::optional<std::uint8_t> request_problem_information;
    std::optional<std::uint32_t> will_delay_interval;  // seconds
    std::optional<std::uint8_t> request_response_information;
    std::optional<std::string_view> response_information;
    std::optional<std::string_view> server_reference;
    std::optional<std::string_view> reason_string;
    std::optional<std::uint16_t> receive_maximum;
    std::optional<std::uint16_t> topic_alias_maximum;
    std::optional<std::uint16_t> topic_alias;
    std::optional<std::uint8_t> maximum_qos;
    std::optional<std::uint8_t> retain_available;
    std::vector<std::pair<std::string_view, std::string_view>> user_properties;  // in order
    std::optional<std::uint32_t> maximum_packet_size;
    std::optional<std::uint8_t> wildcard_subscription_available;
    std::optional<std::uint8_t> subscription_identifier_available;
    std::optional<std::uint8_t> shared_subscription_available;
};

// Reads the length and the properties, and checks that each may stand in that packet, stands once
// (user properties and, in PUBLISH, subscription identifiers may repeat) and is in its range.
Decoded<Properties> decode_properties(Reader& reader, PacketType packet);

// Appends length and properties.
void encode_properties(std::string& out, const Properties& properties);

// The properties of a PUBLISH that travel unchanged from publisher to subscriber (section 3.3.2.3:
// payload format, content type, response topic, correlation data, user properties), in wire form
// without the length. decode_properties() reads them back when a length is put in front.
std::string forwarded_properties(const Properties& properties);

}  // namespace modax::mqtt
