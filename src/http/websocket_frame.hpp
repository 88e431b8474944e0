// WebSocket frames on the wire (RFC 6455 section 5), server side: ours are not masked, the
// client's are. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modax::http {

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

// RFC 6455 section 7.4; from 4000 on our own.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    policy = 1008,
    too_large = 1009,
    key_invalid = 4001,
    too_slow = 4008,
};

// The head of a frame that is not fragmented.
void append_frame_head(std::string& out, Opcode opcode, std::size_t payload_size);
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
void append_close_frame(std::string& out, CloseCode code, std::string_view reason);

struct ClientFrame {
    Opcode opcode = Opcode::text;
    bool final = true;
    std::size_t size = 0;      // of the frame in the input, head and payload
    std::string_view payload;  // unmasked, in the input
};

struct FrameParse {
    std::optional<ClientFrame> frame;  // a complete one
    std::optional<CloseCode> refusal;  // the connection must be closed
};                                     // neither: more input is needed

// Unmasks in place. A payload over `max_payload` is refused as soon as its head is there.
FrameParse parse_client_frame(char* input, std::size_t size, std::size_t max_payload);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key; nullopt when the key is not 16 bytes in base 64.
std::optional<std::string> websocket_accept(std::string_view key);

}  // namespace modax::http
