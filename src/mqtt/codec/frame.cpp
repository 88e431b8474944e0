#include "mqtt/codec/frame.hpp"

#include "mqtt/codec/packets.hpp"

namespace modax::mqtt {

void put_frame(std::string& out, PacketType type, std::uint8_t flags, std::string_view body) {
    put_byte(out, static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags));
    put_variable_byte_integer(out, static_cast<std::uint32_t>(body.size()));
    out += body;
}

Decoded<std::optional<Frame>> next_frame(std::string_view buffer, std::size_t max_size) {
    if (buffer.size() < 2) return std::nullopt;
    std::uint32_t length = 0;
    std::size_t header = 1;
    for (unsigned shift = 0;; shift += 7, ++header) {
        if (shift > 21) return malformed("remaining length has more than four bytes (2.1.4)");
        if (header == buffer.size()) return std::nullopt;
        const auto next = static_cast<unsigned char>(buffer[header]);
        length |= static_cast<std::uint32_t>(next & 0x7FU) << shift;
        if ((next & 0x80U) == 0) {
            if (shift > 0 && next == 0) return malformed("remaining length is overlong (1.5.5)");
            ++header;
            break;
        }
    }
    Frame frame;
    frame.size = header + length;
    if (frame.size > max_size) {
        return tl::make_unexpected(ProtocolError{
            ReasonCode::packet_too_large,
            "packet of " + std::to_string(frame.size) + " bytes; the limit is " +
                std::to_string(max_size) + " (3.1.2.11.4)"});
    }
    const auto first = static_cast<unsigned char>(buffer[0]);
    frame.type = static_cast<PacketType>(first >> 4U);
    frame.flags = first & 0x0FU;
    if (first >> 4U == 0) return malformed("packet type 0 is reserved (2.1.2)");
    const bool marked = frame.type == PacketType::pubrel || frame.type == PacketType::subscribe ||
                        frame.type == PacketType::unsubscribe;
    if (frame.type != PacketType::publish && frame.flags != (marked ? 2 : 0)) {
        return malformed("reserved flags are set (2.1.3)");
    }
    if (buffer.size() < frame.size) return std::nullopt;
    frame.body = buffer.substr(header, length);
    return frame;
}

Decoded<void> finish(const Reader& reader, std::string_view packet) {
    if (reader.failed()) return malformed(std::string{packet} + " is cut or has bad UTF-8 (1.5.4)");
    if (!reader.at_end())
        return malformed(std::string{packet} + " has bytes behind its end (2.1.4)");
    return {};
}

Decoded<void> check_ping(const Frame& frame) {
    if (!frame.body.empty()) return malformed("PINGREQ and PINGRESP have no body (3.12)");
    return {};
}

void encode_ping(std::string& out, PacketType type) {
    put_frame(out, type, 0, {});
}

}  // namespace modax::mqtt
