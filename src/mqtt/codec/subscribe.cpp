// SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK (sections 3.8 to 3.11), DISCONNECT (3.14), AUTH (3.15).
#include "mqtt/codec/frame.hpp"
#include "mqtt/codec/packets.hpp"
#include "mqtt/codec/topic.hpp"

namespace modax::mqtt {
namespace {

// The packet identifier and, in version 5, the properties.
struct Head {
    std::uint16_t packet_id = 0;
    Properties properties;
};

Decoded<Head> read_head(Reader& reader, PacketType type, ProtocolVersion version) {
    Head head;
    head.packet_id = reader.two_bytes();
    if (version == ProtocolVersion::v5) {
        auto properties = decode_properties(reader, type);
        if (!properties) return tl::make_unexpected(std::move(properties.error()));
        head.properties = std::move(*properties);
    }
    if (reader.failed()) return malformed("packet identifier is cut (2.2.1)");
    if (head.packet_id == 0) return violation("packet identifier 0 (2.2.1)");
    return head;
}

Decoded<void> check_options(const SubscriptionRequest& request, ProtocolVersion version) {
    const std::uint8_t known = version == ProtocolVersion::v5 ? 0x3F : 0x03;
    if ((request.options & ~known) != 0) return malformed("reserved option bits (3.8.3.1)");
    if (request.qos() == 3) return malformed("subscription QoS 3 (3.8.3.1)");
    if (request.retain_handling() == 3) return violation("retain handling 3 (3.8.3.1)");
    if (request.no_local() && is_shared(request.filter)) {
        return violation("No Local on a shared subscription (3.8.3.1)");
    }
    return {};
}

// Sections 3.14.2.1 and 3.15.2.1. What no packet of the kind may carry is refused; which side may
// send it is not looked at.
bool fits(ReasonCode reason, PacketType type) {
    using enum ReasonCode;
    if (type == PacketType::auth) {
        return reason == success || reason == continue_authentication || reason == re_authenticate;
    }
    switch (reason) {
        case success:
        case disconnect_with_will:
            return true;
        case unsupported_protocol_version:
        case client_identifier_not_valid:
        case bad_user_name_or_password:
        case server_unavailable:
        case packet_identifier_in_use:
        case packet_identifier_not_found:
            return false;
        default:
            return reason >= unspecified_error && reason <= wildcard_subscriptions_not_supported;
    }
}

}  // namespace

Decoded<SubscribePacket> decode_subscribe(const Frame& frame, ProtocolVersion version) {
    Reader reader{frame.body};
    auto head = read_head(reader, PacketType::subscribe, version);
    if (!head) return tl::make_unexpected(std::move(head.error()));
    SubscribePacket packet;
    packet.packet_id = head->packet_id;
    packet.properties = std::move(head->properties);
    while (!reader.at_end()) {
        SubscriptionRequest request;
        request.filter = reader.utf8();
        request.options = reader.byte();
        if (reader.failed()) break;
        if (auto checked = check_options(request, version); !checked) {
            return tl::make_unexpected(checked.error());
        }
        packet.requests.push_back(request);
    }
    if (auto finished = finish(reader, "SUBSCRIBE"); !finished) {
        return tl::make_unexpected(finished.error());
    }
    if (packet.requests.empty()) return violation("SUBSCRIBE without a filter (3.8.3)");
    return packet;
}

void encode(std::string& out, const SubscribePacket& packet, ProtocolVersion version) {
    std::string body;
    put_two_bytes(body, packet.packet_id);
    if (version == ProtocolVersion::v5) encode_properties(body, packet.properties);
    for (const SubscriptionRequest& request : packet.requests) {
        put_binary(body, request.filter);
        put_byte(body, request.options);
    }
    put_frame(out, PacketType::subscribe, 2, body);
}

Decoded<UnsubscribePacket> decode_unsubscribe(const Frame& frame, ProtocolVersion version) {
    Reader reader{frame.body};
    auto head = read_head(reader, PacketType::unsubscribe, version);
    if (!head) return tl::make_unexpected(std::move(head.error()));
    UnsubscribePacket packet;
    packet.packet_id = head->packet_id;
    packet.properties = std::move(head->properties);
    while (!reader.at_end()) {
        const auto filter = reader.utf8();
        if (!reader.failed()) packet.filters.push_back(filter);
    }
    if (auto finished = finish(reader, "UNSUBSCRIBE"); !finished) {
        return tl::make_unexpected(finished.error());
    }
    if (packet.filters.empty()) return violation("UNSUBSCRIBE without a filter (3.10.3)");
    return packet;
}

void encode(std::string& out, const UnsubscribePacket& packet, ProtocolVersion version) {
    std::string body;
    put_two_bytes(body, packet.packet_id);
    if (version == ProtocolVersion::v5) encode_properties(body, packet.properties);
    for (const std::string_view filter : packet.filters) put_binary(body, filter);
    put_frame(out, PacketType::unsubscribe, 2, body);
}

Decoded<ReasonListPacket> decode_reason_list(const Frame& frame, ProtocolVersion version) {
    Reader reader{frame.body};
    auto head = read_head(reader, frame.type, version);
    if (!head) return tl::make_unexpected(std::move(head.error()));
    ReasonListPacket packet;
    packet.type = frame.type;
    packet.packet_id = head->packet_id;
    packet.properties = std::move(head->properties);
    for (const char code : reader.rest()) packet.reasons.push_back(static_cast<std::uint8_t>(code));
    const bool none = version != ProtocolVersion::v5 && frame.type == PacketType::unsuback;
    if (packet.reasons.empty() != none) {
        return malformed(
            none ? "3.1.1 UNSUBACK has no payload (3.11)"
                 : "acknowledgement without reasons (3.9.3)"
        );
    }
    return packet;
}

void encode(std::string& out, const ReasonListPacket& packet, ProtocolVersion version) {
    std::string body;
    put_two_bytes(body, packet.packet_id);
    if (version == ProtocolVersion::v5) {
        encode_properties(body, packet.properties);
        for (const std::uint8_t reason : packet.reasons) put_byte(body, reason);
    } else if (packet.type == PacketType::suback) {
        for (const std::uint8_t reason : packet.reasons) {
            put_byte(body, reason < 0x80 ? reason : std::uint8_t{0x80});
        }
    }
    put_frame(out, packet.type, 0, body);
}

Decoded<ReasonPacket> decode_reason(const Frame& frame, ProtocolVersion version) {
    Reader reader{frame.body};
    ReasonPacket packet;
    packet.type = frame.type;
    if (version != ProtocolVersion::v5) {
        if (frame.type == PacketType::auth) return violation("AUTH before version 5 (3.15)");
        if (!reader.at_end()) return malformed("3.1.1 DISCONNECT has no body (3.14)");
        return packet;
    }
    if (!reader.at_end()) packet.reason = static_cast<ReasonCode>(reader.byte());
    if (!reader.at_end()) {
        auto properties = decode_properties(reader, frame.type);
        if (!properties) return tl::make_unexpected(std::move(properties.error()));
        packet.properties = std::move(*properties);
    }
    if (auto finished = finish(reader, "DISCONNECT or AUTH"); !finished) {
        return tl::make_unexpected(finished.error());
    }
    if (!fits(packet.reason, packet.type)) {
        return violation("reason code not allowed in this packet (3.14.2.1, 3.15.2.1)");
    }
    return packet;
}

void encode(std::string& out, const ReasonPacket& packet, ProtocolVersion version) {
    std::string body;
    if (version == ProtocolVersion::v5) {
        put_byte(body, static_cast<std::uint8_t>(packet.reason));
        encode_properties(body, packet.properties);
    }
    put_frame(out, packet.type, 0, body);
}

}  // namespace modax::mqtt
