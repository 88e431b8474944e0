#include "http/websocket_frame.hpp"

#include <openssl/evp.h>

#include <array>
#include <cctype>

namespace modax::http {
namespace {

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU);
    }
}

std::uint64_t read_big_endian(const char* bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

bool is_known(unsigned opcode) {
    return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

FrameParse refuse(CloseCode code) {
    return {std::nullopt, code};
}

}  // namespace

void append_frame_head(std::string& out, Opcode opcode, std::size_t payload_size) {
    constexpr unsigned k_final = 0x80;
    out += static_cast<char>(k_final | static_cast<unsigned>(opcode));
    if (payload_size < 126) {
        out += static_cast<char>(payload_size);
    } else if (payload_size <= 0xFFFF) {
        out += static_cast<char>(126);
        append_big_endian(out, payload_size, 2);
    } else {
        out += static_cast<char>(127);
        append_big_endian(out, payload_size, 8);
    }
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    append_frame_head(out, opcode, payload.size());
    out += payload;
}

void append_close_frame(std::string& out, CloseCode code, std::string_view reason) {
    std::string payload;
    append_big_endian(payload, static_cast<std::uint16_t>(code), 2);
    payload += reason.substr(0, 123);
    append_frame(out, Opcode::close, payload);
}

FrameParse parse_client_frame(char* input, std::size_t size, std::size_t max_payload) {
    if (size < 2) return {};
    const auto first = static_cast<unsigned char>(input[0]);
    const auto second = static_cast<unsigned char>(input[1]);
    const unsigned opcode = first & 0x0FU;
    const bool final = (first & 0x80U) != 0;
    const bool control = opcode >= 8;
    const std::size_t short_length = second & 0x7FU;
    // No extension was agreed on, so no reserved bit may be set; a client must mask.
    if ((first & 0x70U) != 0 || (second & 0x80U) == 0 || !is_known(opcode)) {
        return refuse(CloseCode::protocol_error);
    }
    if (control && (!final || short_length > 125)) return refuse(CloseCode::protocol_error);
    const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    const std::size_t head = 2 + length_bytes + 4;
    if (size < 2 + length_bytes) return {};
    const std::uint64_t length =
        length_bytes == 0 ? short_length : read_big_endian(input + 2, length_bytes);
    if (length > max_payload) return refuse(CloseCode::too_large);
    if (size < head + length) return {};
    const char* mask = input + 2 + length_bytes;
    char* payload = input + head;
    for (std::size_t i = 0; i < length; ++i) {
        payload[i] = static_cast<char>(payload[i] ^ mask[i & 3U]);
    }
    ClientFrame frame;
    frame.opcode = static_cast<Opcode>(opcode);
    frame.final = final;
    frame.size = head + length;
    frame.payload = {payload, static_cast<std::size_t>(length)};
    return {frame, std::nullopt};
}

std::optional<std::string> websocket_accept(std::string_view key) {
    constexpr std::size_t k_key_size = 24;
    if (key.size() != k_key_size || key.substr(22) != "==") return std::nullopt;
    for (const char c : key.substr(0, 22)) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '/') {
            return std::nullopt;
        }
    }
    std::string text{key};
    text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
        return std::nullopt;
    }
    std::array<unsigned char, 32> encoded{};
    const int encoded_size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
    return std::string{encoded.begin(), encoded.begin() + encoded_size};
}

}  // namespace modax::http
