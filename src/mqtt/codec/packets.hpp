// The control packets of MQTT 3.1.1 (OASIS, 2014) and 5.0 (OASIS, 2019), decoded in place: every
// text in a decoded packet is a view into the receive buffer. Pure functions; thread-safe.
// Section numbers are those of version 5; what 3.1.1 has, stands there under the same number.
#pragma once

#include "mqtt/codec/properties.hpp"
#include "mqtt/codec/wire.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace modax::mqtt {

// One packet as it lies in the buffer.
struct Frame {
    PacketType type = PacketType::pingreq;
    std::uint8_t flags = 0;  // the low four bits of the first byte
    std::string_view body;   // behind the fixed header
    std::size_t size = 0;    // with the fixed header: how far to go on in the buffer
};

// The first packet of `buffer`; nullopt while it isn't complete. Errors: malformed_packet,
// packet_too_large (the whole packet is over `max_size` bytes; told as soon as its length is
// known).
Decoded<std::optional<Frame>> next_frame(std::string_view buffer, std::size_t max_size);

struct Will {
    std::string_view topic;
    std::string_view payload;
    std::uint8_t qos = 0;
    bool retain = false;
    Properties properties;
};

struct ConnectPacket {
    ProtocolVersion version = ProtocolVersion::v5;
    bool clean_start = true;       // clean session in 3.1.1
    std::uint16_t keep_alive = 0;  // seconds; 0: none
    std::string_view client_id;
    std::optional<Will> will;
    std::optional<std::string_view> user;
    std::optional<std::string_view> password;
    Properties properties;
};
// Errors also: unsupported_protocol_version.
Decoded<ConnectPacket> decode_connect(const Frame& frame);
void encode(std::string& out, const ConnectPacket& packet);

struct ConnackPacket {
    bool session_present = false;
    // In 3.1.1 the return code: 0 accepted, 1 version, 2 identifier, 3 unavailable, 4 bad user name
    // or password, 5 not authorised.
    std::uint8_t reason = 0;
    Properties properties;
};
Decoded<ConnackPacket> decode_connack(const Frame& frame, ProtocolVersion version);
void encode(std::string& out, const ConnackPacket& packet, ProtocolVersion version);
// The 3.1.1 return code that fits an MQTT 5 reason (3.1.1, table 3.1).
std::uint8_t connack_return_code(ReasonCode reason);

struct PublishPacket {
    std::string_view topic;  // empty in version 5 when there is a topic alias
    std::string_view payload;
    std::uint16_t packet_id = 0;  // 0 with QoS 0
    std::uint8_t qos = 0;
    bool duplicate = false;
    bool retain = false;
    Properties properties;
};
// Checks the topic name, too.
Decoded<PublishPacket> decode_publish(const Frame& frame, ProtocolVersion version);
void encode(std::string& out, const PublishPacket& packet, ProtocolVersion version);

// A PUBLISH that goes to many: what is the same for all is given once.
struct OutgoingPublish {
    std::string_view topic;  // empty: only the alias is sent
    std::string_view payload;
    std::string_view forwarded_properties;  // wire form, see forwarded_properties()
    std::optional<std::uint32_t> message_expiry_interval;
    std::span<const std::uint32_t> subscription_identifiers;
    std::optional<std::uint16_t> topic_alias;
    std::uint16_t packet_id = 0;
    std::uint8_t qos = 0;
    bool duplicate = false;
    bool retain = false;
};
// Everything up to the payload, which the caller sends behind it. Properties are left out
// for 3.1.1.
void encode_publish_head(std::string& out, const OutgoingPublish& packet, ProtocolVersion version);
// Head and payload together, in bytes.
std::size_t encoded_size(const OutgoingPublish& packet, ProtocolVersion version);

// PUBACK, PUBREC, PUBREL, PUBCOMP.
struct AckPacket {
    PacketType type = PacketType::puback;
    std::uint16_t packet_id = 0;
    ReasonCode reason = ReasonCode::success;
    Properties properties;
};
Decoded<AckPacket> decode_ack(const Frame& frame, ProtocolVersion version);
// Without properties; 3.1.1 has no reason either.
void encode_ack(
    std::string& out,
    PacketType type,
    std::uint16_t packet_id,
    ReasonCode reason,
    ProtocolVersion version
);

struct SubscriptionRequest {
    std::string_view filter;
    std::uint8_t options = 0;  // section 3.8.3.1: QoS, No Local, Retain As Published, Handling
    std::uint8_t qos() const { return options & 0x03U; }
    bool no_local() const { return (options & 0x04U) != 0; }
    bool retain_as_published() const { return (options & 0x08U) != 0; }
    // 0: send retained; 1: only for a new subscription; 2: never.
    std::uint8_t retain_handling() const { return (options >> 4U) & 0x03U; }
};
struct SubscribePacket {
    std::uint16_t packet_id = 0;
    std::vector<SubscriptionRequest> requests;  // at least one; filters are not checked here
    Properties properties;
};
Decoded<SubscribePacket> decode_subscribe(const Frame& frame, ProtocolVersion version);
void encode(std::string& out, const SubscribePacket& packet, ProtocolVersion version);

struct UnsubscribePacket {
    std::uint16_t packet_id = 0;
    std::vector<std::string_view> filters;  // at least one
    Properties properties;
};
Decoded<UnsubscribePacket> decode_unsubscribe(const Frame& frame, ProtocolVersion version);
void encode(std::string& out, const UnsubscribePacket& packet, ProtocolVersion version);

// SUBACK and UNSUBACK.
struct ReasonListPacket {
    PacketType type = PacketType::suback;
    std::uint16_t packet_id = 0;
    std::vector<std::uint8_t> reasons;  // none in a 3.1.1 UNSUBACK
    Properties properties;
};
Decoded<ReasonListPacket> decode_reason_list(const Frame& frame, ProtocolVersion version);
// 3.1.1: every code from 0x80 becomes 0x80 in SUBACK, and UNSUBACK has none.
void encode(std::string& out, const ReasonListPacket& packet, ProtocolVersion version);

// DISCONNECT and AUTH.
struct ReasonPacket {
    PacketType type = PacketType::disconnect;
    ReasonCode reason = ReasonCode::success;
    Properties properties;
};
Decoded<ReasonPacket> decode_reason(const Frame& frame, ProtocolVersion version);
void encode(std::string& out, const ReasonPacket& packet, ProtocolVersion version);

// PINGREQ and PINGRESP have no body; nothing else to check.
Decoded<void> check_ping(const Frame& frame);
void encode_ping(std::string& out, PacketType type);

}  // namespace modax::mqtt
