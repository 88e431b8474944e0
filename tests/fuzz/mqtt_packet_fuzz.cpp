// A stream of packets as it comes off a socket. The first byte chooses the protocol version, until
// a CONNECT says another. Whatever comes, the decoders answer; what they take comes back the same
// when it is encoded and decoded once more; a packet that is cut is never taken for a whole one.
#include "mqtt/codec/packets.hpp"
#include "mqtt/codec/topic.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace modax::mqtt;

constexpr std::size_t k_max_packet = 65'536;

void require(bool holds) {
    if (!holds) std::abort();
}

void require_explained(const ProtocolError& error) {
    require(!error.detail.empty() && error.detail.back() == ')');  // the section
    require(static_cast<std::uint8_t>(error.reason) >= 0x80);
}

Frame whole_frame(const std::string& bytes) {
    const auto frame = next_frame(bytes, bytes.size());
    require(frame.has_value() && frame->has_value() && (*frame)->size == bytes.size());
    return **frame;
}

// `decode` takes a Frame, `encode_one` appends what it gave. Encoding has one form for each packet,
// so that encoding what was decoded from an encoded packet gives the same bytes.
template <class Decode, class Encode>
void round_trip(const Frame& frame, Decode decode, Encode encode_one) {
    const auto decoded = decode(frame);
    if (!decoded) {
        require_explained(decoded.error());
        return;
    }
    std::string first;
    encode_one(first, *decoded);
    const auto again = decode(whole_frame(first));
    require(again.has_value());
    std::string second;
    encode_one(second, *again);
    require(first == second);
}

// The way a message takes through the broker: decoded, its properties forwarded, encoded for a
// subscriber.
void republish(const Frame& frame, ProtocolVersion version) {
    const auto publish = decode_publish(frame, version);
    if (!publish || publish->topic.empty()) return;
    require(is_valid_topic_name(publish->topic));
    const std::string forwarded = forwarded_properties(publish->properties);
    OutgoingPublish outgoing;
    outgoing.topic = publish->topic;
    outgoing.payload = publish->payload;
    outgoing.forwarded_properties = forwarded;
    outgoing.message_expiry_interval = publish->properties.message_expiry_interval;
    outgoing.subscription_identifiers = publish->properties.subscription_identifiers;
    outgoing.packet_id = publish->packet_id;
    outgoing.qos = publish->qos;
    outgoing.retain = publish->retain;
    std::string bytes;
    encode_publish_head(bytes, outgoing, version);
    bytes += publish->payload;
    require(bytes.size() == encoded_size(outgoing, version));
    const auto received = decode_publish(whole_frame(bytes), version);
    require(received.has_value());
    require(received->topic == publish->topic && received->payload == publish->payload);
    require(received->qos == publish->qos && received->packet_id == publish->packet_id);
    require(forwarded_properties(received->properties) == forwarded);
}

ProtocolVersion take(const Frame& frame, ProtocolVersion version) {
    const auto encode_any = [version](std::string& out, const auto& packet) {
        encode(out, packet, version);
    };
    switch (frame.type) {
        case PacketType::connect:
            round_trip(frame, decode_connect, [](std::string& out, const ConnectPacket& packet) {
                encode(out, packet);
            });
            if (const auto connect = decode_connect(frame)) return connect->version;
            break;
        case PacketType::connack:
            round_trip(
                frame, [version](const Frame& f) { return decode_connack(f, version); }, encode_any
            );
            break;
        case PacketType::publish:
            round_trip(
                frame, [version](const Frame& f) { return decode_publish(f, version); }, encode_any
            );
            republish(frame, version);
            break;
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp:
            round_trip(
                frame,
                [version](const Frame& f) { return decode_ack(f, version); },
                [version](std::string& out, const AckPacket& ack) {
                    encode_ack(out, ack.type, ack.packet_id, ack.reason, version);
                }
            );
            break;
        case PacketType::subscribe:
            round_trip(
                frame,
                [version](const Frame& f) { return decode_subscribe(f, version); },
                encode_any
            );
            break;
        case PacketType::unsubscribe:
            round_trip(
                frame,
                [version](const Frame& f) { return decode_unsubscribe(f, version); },
                encode_any
            );
            break;
        case PacketType::suback:
        case PacketType::unsuback:
            round_trip(
                frame,
                [version](const Frame& f) { return decode_reason_list(f, version); },
                encode_any
            );
            break;
        case PacketType::disconnect:
        case PacketType::auth:
            round_trip(
                frame, [version](const Frame& f) { return decode_reason(f, version); }, encode_any
            );
            break;
        default:
            require(check_ping(frame).has_value() == frame.body.empty());
            break;
    }
    return version;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    auto version = data[0] % 2 == 0 ? ProtocolVersion::v5 : ProtocolVersion::v3_1_1;
    std::string_view stream{reinterpret_cast<const char*>(data) + 1, size - 1};
    for (;;) {
        const auto frame = next_frame(stream, k_max_packet);
        if (!frame) {
            require_explained(frame.error());
            return 0;
        }
        if (!*frame) return 0;
        require((*frame)->size <= stream.size() && (*frame)->size <= k_max_packet);
        require(!next_frame(stream.substr(0, (*frame)->size - 1), k_max_packet)->has_value());
        version = take(**frame, version);
        stream.remove_prefix((*frame)->size);
    }
}
