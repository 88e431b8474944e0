// CONNECT (section 3.1) and CONNACK (3.2).
#include "mqtt/codec/frame.hpp"
#include "mqtt/codec/packets.hpp"
#include "mqtt/codec/topic.hpp"

namespace modax::mqtt {
namespace {

enum ConnectFlag : std::uint8_t {
    k_reserved = 0x01,
    k_clean_start = 0x02,
    k_will = 0x04,
    k_will_retain = 0x20,
    k_password = 0x40,
    k_user = 0x80,
};

Decoded<ProtocolVersion> read_version(Reader& reader) {
    const auto name = reader.utf8();
    const auto level = reader.byte();
    if (reader.failed()) return malformed("CONNECT has no protocol name (3.1.2.1)");
    if (name != "MQTT" || (level != 4 && level != 5)) {
        return tl::make_unexpected(ProtocolError{
            ReasonCode::unsupported_protocol_version,
            "protocol level " + std::to_string(level) + " is not MQTT 3.1.1 or 5 (3.1.2.2)"});
    }
    return static_cast<ProtocolVersion>(level);
}

Decoded<void> check_flags(std::uint8_t flags, ProtocolVersion version) {
    if ((flags & k_reserved) != 0) return malformed("reserved CONNECT flag is set (3.1.2.3)");
    const unsigned will_qos = flags >> 3U & 0x03U;
    if (will_qos == 3) return malformed("will QoS 3 (3.1.2.6)");
    if ((flags & k_will) == 0 && (will_qos != 0 || (flags & k_will_retain) != 0)) {
        return malformed("will QoS or retain without a will (3.1.2.6)");
    }
    if (version == ProtocolVersion::v3_1_1 && (flags & k_password) != 0 && (flags & k_user) == 0) {
        return malformed("password without a user name (3.1.1: 3.1.2.9)");
    }
    return {};
}

Decoded<Will> read_will(Reader& reader, std::uint8_t flags, ProtocolVersion version) {
    Will will;
    will.qos = flags >> 3U & 0x03U;
    will.retain = (flags & k_will_retain) != 0;
    if (version == ProtocolVersion::v5) {
        auto properties = decode_properties(reader, PacketType::will);
        if (!properties) return tl::make_unexpected(std::move(properties.error()));
        will.properties = std::move(*properties);
    }
    will.topic = reader.utf8();
    will.payload = reader.binary();
    if (!reader.failed() && !is_valid_topic_name(will.topic)) {
        return tl::make_unexpected(ProtocolError{
            ReasonCode::topic_name_invalid, "will topic is not valid (3.1.3.3)"});
    }
    const auto& response = will.properties.response_topic;
    if (response && !is_valid_topic_name(*response)) {
        return violation("response topic of the will is not valid (3.1.3.2.6)");
    }
    return will;
}

}  // namespace

Decoded<ConnectPacket> decode_connect(const Frame& frame) {
    Reader reader{frame.body};
    const auto version = read_version(reader);
    if (!version) return tl::make_unexpected(version.error());
    ConnectPacket packet;
    packet.version = *version;
    const auto flags = reader.byte();
    packet.keep_alive = reader.two_bytes();
    if (auto checked = check_flags(flags, *version); !checked) {
        return tl::make_unexpected(checked.error());
    }
    packet.clean_start = (flags & k_clean_start) != 0;
    if (*version == ProtocolVersion::v5) {
        auto properties = decode_properties(reader, PacketType::connect);
        if (!properties) return tl::make_unexpected(std::move(properties.error()));
        packet.properties = std::move(*properties);
        if (packet.properties.authentication_data && !packet.properties.authentication_method) {
            return violation("authentication data without a method (3.1.2.11.10)");
        }
    }
    packet.client_id = reader.utf8();
    if ((flags & k_will) != 0) {
        auto will = read_will(reader, flags, *version);
        if (!will) return tl::make_unexpected(std::move(will.error()));
        packet.will = std::move(*will);
    }
    if ((flags & k_user) != 0) packet.user = reader.utf8();
    if ((flags & k_password) != 0) packet.password = reader.binary();
    if (auto finished = finish(reader, "CONNECT"); !finished) {
        return tl::make_unexpected(finished.error());
    }
    return packet;
}

void encode(std::string& out, const ConnectPacket& packet) {
    std::string body;
    put_binary(body, "MQTT");
    put_byte(body, static_cast<std::uint8_t>(packet.version));
    unsigned flags = packet.clean_start ? unsigned{k_clean_start} : 0U;
    if (packet.will) {
        flags |= k_will | static_cast<unsigned>(packet.will->qos) << 3U;
        if (packet.will->retain) flags |= k_will_retain;
    }
    if (packet.user) flags |= k_user;
    if (packet.password) flags |= k_password;
    put_byte(body, static_cast<std::uint8_t>(flags));
    put_two_bytes(body, packet.keep_alive);
    const bool v5 = packet.version == ProtocolVersion::v5;
    if (v5) encode_properties(body, packet.properties);
    put_binary(body, packet.client_id);
    if (packet.will) {
        if (v5) encode_properties(body, packet.will->properties);
        put_binary(body, packet.will->topic);
        put_binary(body, packet.will->payload);
    }
    if (packet.user) put_binary(body, *packet.user);
    if (packet.password) put_binary(body, *packet.password);
    put_frame(out, PacketType::connect, 0, body);
}

Decoded<ConnackPacket> decode_connack(const Frame& frame, ProtocolVersion version) {
    Reader reader{frame.body};
    ConnackPacket packet;
    const auto flags = reader.byte();
    packet.session_present = (flags & 1U) != 0;
    packet.reason = reader.byte();
    if (version == ProtocolVersion::v5) {
        auto properties = decode_properties(reader, PacketType::connack);
        if (!properties) return tl::make_unexpected(std::move(properties.error()));
        packet.properties = std::move(*properties);
    }
    if (auto finished = finish(reader, "CONNACK"); !finished) {
        return tl::make_unexpected(finished.error());
    }
    if (flags > 1) return malformed("reserved CONNACK flags are set (3.2.2.1)");
    return packet;
}

void encode(std::string& out, const ConnackPacket& packet, ProtocolVersion version) {
    std::string body;
    put_byte(body, packet.session_present ? 1 : 0);
    put_byte(body, packet.reason);
    if (version == ProtocolVersion::v5) encode_properties(body, packet.properties);
    put_frame(out, PacketType::connack, 0, body);
}

std::uint8_t connack_return_code(ReasonCode reason) {
    switch (reason) {
        case ReasonCode::success:
            return 0;
        case ReasonCode::unsupported_protocol_version:
            return 1;
        case ReasonCode::client_identifier_not_valid:
            return 2;
        case ReasonCode::bad_user_name_or_password:
            return 4;
        case ReasonCode::not_authorized:
            return 5;
        default:
            return 3;
    }
}

}  // namespace modax::mqtt
