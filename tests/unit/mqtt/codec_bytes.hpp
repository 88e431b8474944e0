// Packets as the tests write them: hexadecimal bytes and 'text', and one way to decode any of them.
#pragma once

#include "mqtt/codec/packets.hpp"
#include "mqtt/codec/wire.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace modax::mqtt {

// "00 04 'MQTT' 05": bytes in hexadecimal, text in quotes.
inline std::string wire(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        if (text.front() == ' ') {
            text.remove_prefix(1);
        } else if (text.front() == '\'') {
            const auto end = text.find('\'', 1);
            bytes += text.substr(1, end - 1);
            text.remove_prefix(end + 1);
        } else {
            if (text.size() < 2 || std::isxdigit(static_cast<unsigned char>(text[1])) == 0) {
                throw std::invalid_argument{"wire: a byte has two hexadecimal digits"};
            }
            bytes += static_cast<char>(std::stoi(std::string{text.substr(0, 2)}, nullptr, 16));
            text.remove_prefix(2);
        }
    }
    return bytes;
}

// A whole packet; the remaining length is put in.
inline std::string packet(std::uint8_t first, std::string_view body) {
    const std::string bytes = wire(body);
    std::string out(1, static_cast<char>(first));
    put_variable_byte_integer(out, static_cast<std::uint32_t>(bytes.size()));
    return out + bytes;
}

// The frame of one whole packet. A view into `bytes`, which must outlive it.
inline Frame frame_of(const std::string& bytes) {
    const auto frame = next_frame(bytes, 1'048'576);
    if (!frame) throw std::invalid_argument{"no frame: " + frame.error().detail};
    if (!*frame || (*frame)->size != bytes.size()) throw std::invalid_argument{"not one frame"};
    return **frame;
}

// Decodes whatever it is and encodes it again; the error when it is refused.
inline Decoded<std::string> recode(const Frame& frame, ProtocolVersion version) {
    std::string out;
    const auto again = [&out, version](const auto& decoded) -> Decoded<std::string> {
        if (!decoded) return tl::make_unexpected(decoded.error());
        encode(out, *decoded, version);
        return out;
    };
    switch (frame.type) {
        case PacketType::connect: {
            const auto decoded = decode_connect(frame);
            if (!decoded) return tl::make_unexpected(decoded.error());
            encode(out, *decoded);
            return out;
        }
        case PacketType::connack:
            return again(decode_connack(frame, version));
        case PacketType::publish:
            return again(decode_publish(frame, version));
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp: {
            const auto ack = decode_ack(frame, version);
            if (!ack) return tl::make_unexpected(ack.error());
            encode_ack(out, ack->type, ack->packet_id, ack->reason, version);
            return out;
        }
        case PacketType::subscribe:
            return again(decode_subscribe(frame, version));
        case PacketType::unsubscribe:
            return again(decode_unsubscribe(frame, version));
        case PacketType::suback:
        case PacketType::unsuback:
            return again(decode_reason_list(frame, version));
        case PacketType::disconnect:
        case PacketType::auth:
            return again(decode_reason(frame, version));
        default: {
            const auto checked = check_ping(frame);
            if (!checked) return tl::make_unexpected(checked.error());
            encode_ping(out, frame.type);
            return out;
        }
    }
}

// A packet that must be refused with a reason and a sentence that names the section.
struct Refused {
    const char* name;
    ProtocolVersion version;
    std::uint8_t first;
    const char* body;
    ReasonCode reason;
};

// What GoogleTest shows for a case.
inline std::string case_name(const testing::TestParamInfo<Refused>& info) {
    return info.param.name;
}

inline void expect_refused(const Refused& refused) {
    const std::string bytes = packet(refused.first, refused.body);
    const auto recoded = recode(frame_of(bytes), refused.version);
    ASSERT_FALSE(recoded.has_value());
    EXPECT_EQ(static_cast<int>(recoded.error().reason), static_cast<int>(refused.reason))
        << recoded.error().detail;
    EXPECT_TRUE(recoded.error().detail.ends_with(")")) << "no section: " << recoded.error().detail;
}

}  // namespace modax::mqtt
