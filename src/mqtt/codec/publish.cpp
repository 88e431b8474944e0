// PUBLISH (section 3.3) and its acknowledgements (3.4 to 3.7).
#include "mqtt/codec/frame.hpp"
#include "mqtt/codec/packets.hpp"
#include "mqtt/codec/topic.hpp"

namespace modax::mqtt {
namespace {

// Identifiers of the properties the gateway adds to a PUBLISH on its way out (section 2.2.2.2).
constexpr std::uint8_t k_message_expiry_interval = 0x02;
constexpr std::uint8_t k_subscription_identifier = 0x0B;
constexpr std::uint8_t k_topic_alias = 0x23;

std::uint8_t publish_flags(std::uint8_t qos, bool duplicate, bool retain) {
    return static_cast<std::uint8_t>(
        (duplicate ? 8U : 0U) | static_cast<unsigned>(qos) << 1U | (retain ? 1U : 0U)
    );
}

std::size_t properties_size(const OutgoingPublish& packet) {
    std::size_t size = packet.forwarded_properties.size();
    if (packet.message_expiry_interval) size += 5;
    if (packet.topic_alias) size += 3;
    for (const std::uint32_t identifier : packet.subscription_identifiers) {
        size += 1 + variable_byte_integer_size(identifier);
    }
    return size;
}

std::size_t remaining_length(const OutgoingPublish& packet, ProtocolVersion version) {
    std::size_t size = 2 + packet.topic.size() + packet.payload.size();
    if (packet.qos > 0) size += 2;
    if (version == ProtocolVersion::v5) {
        const std::size_t properties = properties_size(packet);
        size += variable_byte_integer_size(static_cast<std::uint32_t>(properties)) + properties;
    }
    return size;
}

// Tables 3-4 to 3-7.
bool fits(ReasonCode reason, PacketType type) {
    using enum ReasonCode;
    if (type == PacketType::pubrel || type == PacketType::pubcomp) {
        return reason == success || reason == packet_identifier_not_found;
    }
    switch (reason) {
        case success:
        case no_matching_subscribers:
        case unspecified_error:
        case implementation_specific_error:
        case not_authorized:
        case topic_name_invalid:
        case packet_identifier_in_use:
        case quota_exceeded:
        case payload_format_invalid:
            return true;
        default:
            return false;
    }
}

}  // namespace

Decoded<PublishPacket> decode_publish(const Frame& frame, ProtocolVersion version) {
    PublishPacket packet;
    packet.duplicate = (frame.flags & 8U) != 0;
    packet.qos = frame.flags >> 1U & 3U;
    packet.retain = (frame.flags & 1U) != 0;
    if (packet.qos == 3) return malformed("QoS 3 (3.3.1.2)");
    if (packet.qos == 0 && packet.duplicate) return malformed("DUP with QoS 0 (3.3.1.1)");
    Reader reader{frame.body};
    packet.topic = reader.utf8();
    if (packet.qos > 0) packet.packet_id = reader.two_bytes();
    if (reader.failed()) return malformed("PUBLISH is cut or its topic is no UTF-8 (3.3.2.1)");
    if (packet.qos > 0 && packet.packet_id == 0) {
        return violation("packet identifier 0 (2.2.1)");
    }
    if (version == ProtocolVersion::v5) {
        auto properties = decode_properties(reader, PacketType::publish);
        if (!properties) return tl::make_unexpected(std::move(properties.error()));
        packet.properties = std::move(*properties);
        if (packet.properties.topic_alias == std::uint16_t{0}) {
            return tl::make_unexpected(ProtocolError{
                ReasonCode::topic_alias_invalid, "topic alias 0 (3.3.2.3.4)"});
        }
        const auto& response = packet.properties.response_topic;
        if (response && !is_valid_topic_name(*response)) {
            return violation("response topic is not valid (3.3.2.3.5)");
        }
    }
    const bool by_alias = packet.topic.empty() && packet.properties.topic_alias.has_value();
    if (packet.topic.empty() && !by_alias) {
        return violation("neither topic nor topic alias (3.3.2.1)");
    }
    // UTF-8 was checked above; what is left of the rules for names are the wildcards.
    if (packet.topic.find_first_of("+#") != std::string_view::npos) {
        return tl::make_unexpected(ProtocolError{
            ReasonCode::topic_name_invalid, "wildcard in a topic name (3.3.2.1)"});
    }
    packet.payload = reader.rest();
    return packet;
}

void encode(std::string& out, const PublishPacket& packet, ProtocolVersion version) {
    std::string body;
    put_binary(body, packet.topic);
    if (packet.qos > 0) put_two_bytes(body, packet.packet_id);
    if (version == ProtocolVersion::v5) encode_properties(body, packet.properties);
    body += packet.payload;
    put_frame(
        out, PacketType::publish, publish_flags(packet.qos, packet.duplicate, packet.retain), body
    );
}

void encode_publish_head(std::string& out, const OutgoingPublish& packet, ProtocolVersion version) {
    const auto flags = publish_flags(packet.qos, packet.duplicate, packet.retain);
    put_byte(
        out, static_cast<std::uint8_t>(static_cast<unsigned>(PacketType::publish) << 4U | flags)
    );
    put_variable_byte_integer(out, static_cast<std::uint32_t>(remaining_length(packet, version)));
    put_binary(out, packet.topic);
    if (packet.qos > 0) put_two_bytes(out, packet.packet_id);
    if (version != ProtocolVersion::v5) return;
    put_variable_byte_integer(out, static_cast<std::uint32_t>(properties_size(packet)));
    out += packet.forwarded_properties;
    if (packet.message_expiry_interval) {
        put_byte(out, k_message_expiry_interval);
        put_four_bytes(out, *packet.message_expiry_interval);
    }
    for (const std::uint32_t identifier : packet.subscription_identifiers) {
        put_byte(out, k_subscription_identifier);
        put_variable_byte_integer(out, identifier);
    }
    if (packet.topic_alias) {
        put_byte(out, k_topic_alias);
        put_two_bytes(out, *packet.topic_alias);
    }
}

std::size_t encoded_size(const OutgoingPublish& packet, ProtocolVersion version) {
    const std::size_t remaining = remaining_length(packet, version);
    return 1 + variable_byte_integer_size(static_cast<std::uint32_t>(remaining)) + remaining;
}

Decoded<AckPacket> decode_ack(const Frame& frame, ProtocolVersion version) {
    Reader reader{frame.body};
    AckPacket packet;
    packet.type = frame.type;
    packet.packet_id = reader.two_bytes();
    if (version == ProtocolVersion::v5 && !reader.at_end()) {
        packet.reason = static_cast<ReasonCode>(reader.byte());
        if (!reader.at_end()) {
            auto properties = decode_properties(reader, frame.type);
            if (!properties) return tl::make_unexpected(std::move(properties.error()));
            packet.properties = std::move(*properties);
        }
    }
    if (auto finished = finish(reader, "acknowledgement"); !finished) {
        return tl::make_unexpected(finished.error());
    }
    if (packet.packet_id == 0) return violation("packet identifier 0 (2.2.1)");
    if (!fits(packet.reason, packet.type)) {
        return violation("reason code not allowed in this acknowledgement (3.4.2.1 to 3.7.2.1)");
    }
    return packet;
}

void encode_ack(
    std::string& out,
    PacketType type,
    std::uint16_t packet_id,
    ReasonCode reason,
    ProtocolVersion version
) {
    const bool with_reason = version == ProtocolVersion::v5 && reason != ReasonCode::success;
    const unsigned flags = type == PacketType::pubrel ? 2 : 0;
    put_byte(out, static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags));
    put_byte(out, with_reason ? 3 : 2);
    put_two_bytes(out, packet_id);
    if (with_reason) put_byte(out, static_cast<std::uint8_t>(reason));
}

}  // namespace modax::mqtt
