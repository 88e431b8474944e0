#include "mqtt/codec/wire.hpp"

#include <algorithm>
#include <utility>

namespace modax::mqtt {

tl::unexpected<ProtocolError> malformed(std::string detail) {
    return tl::make_unexpected(ProtocolError{ReasonCode::malformed_packet, std::move(detail)});
}

tl::unexpected<ProtocolError> violation(std::string detail) {
    return tl::make_unexpected(ProtocolError{ReasonCode::protocol_error, std::move(detail)});
}

bool is_valid_utf8(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = at + text.size();
    const auto continues = [&](int count, unsigned char low, unsigned char high) {
        // The second byte has a range of its own; the others are any continuation byte.
        if (end - at <= count || at[1] < low || at[1] > high) return false;
        for (int i = 2; i <= count; ++i) {
            if ((at[i] & 0xC0U) != 0x80) return false;
        }
        at += count + 1;
        return true;
    };
    while (at < end) {
        const unsigned char lead = *at;
        if (lead == 0) return false;
        if (lead < 0x80) {
            ++at;
        } else if (lead >= 0xC2 && lead <= 0xDF) {
            if (!continues(1, 0x80, 0xBF)) return false;
        } else if (lead == 0xE0) {
            if (!continues(2, 0xA0, 0xBF)) return false;
        } else if (lead == 0xED) {
            if (!continues(2, 0x80, 0x9F)) return false;  // no surrogates
        } else if (lead >= 0xE1 && lead <= 0xEF) {
            if (!continues(2, 0x80, 0xBF)) return false;
        } else if (lead == 0xF0) {
            if (!continues(3, 0x90, 0xBF)) return false;
        } else if (lead >= 0xF1 && lead <= 0xF3) {
            if (!continues(3, 0x80, 0xBF)) return false;
        } else if (lead == 0xF4) {
            if (!continues(3, 0x80, 0x8F)) return false;
        } else {
            return false;
        }
    }
    return true;
}

void Reader::fail() {
    failed_ = true;
    bytes_ = {};
}

std::string_view Reader::take(std::size_t count) {
    if (count > bytes_.size()) {
        fail();
        return {};
    }
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
}

std::string_view Reader::rest() {
    return std::exchange(bytes_, {});
}

std::uint8_t Reader::byte() {
    const auto bytes = take(1);
    return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
}

std::uint16_t Reader::two_bytes() {
    const auto bytes = take(2);
    if (bytes.empty()) return 0;
    return static_cast<std::uint16_t>(
        static_cast<unsigned char>(bytes[0]) << 8U | static_cast<unsigned char>(bytes[1])
    );
}

std::uint32_t Reader::four_bytes() {
    const std::uint32_t high = two_bytes();
    return high << 16U | two_bytes();
}

std::uint32_t Reader::variable_byte_integer() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift <= 21; shift += 7) {
        const std::uint8_t next = byte();
        if (failed_) return 0;
        value |= static_cast<std::uint32_t>(next & 0x7FU) << shift;
        if ((next & 0x80U) == 0) {
            if (shift > 0 && next == 0) fail();  // section 1.5.5: the fewest bytes must be used
            return failed_ ? 0 : value;
        }
    }
    fail();
    return 0;
}

std::string_view Reader::binary() {
    return take(two_bytes());
}

std::string_view Reader::utf8() {
    const auto text = binary();
    if (!is_valid_utf8(text)) {
        fail();
        return {};
    }
    return text;
}

void put_byte(std::string& out, std::uint8_t value) {
    out += static_cast<char>(value);
}

void put_two_bytes(std::string& out, std::uint16_t value) {
    out += static_cast<char>(value >> 8U);
    out += static_cast<char>(value & 0xFFU);
}

void put_four_bytes(std::string& out, std::uint32_t value) {
    put_two_bytes(out, static_cast<std::uint16_t>(value >> 16U));
    put_two_bytes(out, static_cast<std::uint16_t>(value & 0xFFFFU));
}

void put_variable_byte_integer(std::string& out, std::uint32_t value) {
    while (value > 0x7F) {
        put_byte(out, static_cast<std::uint8_t>(value | 0x80U));
        value >>= 7U;
    }
    put_byte(out, static_cast<std::uint8_t>(value));
}

void put_binary(std::string& out, std::string_view bytes) {
    put_two_bytes(out, static_cast<std::uint16_t>(bytes.size()));
    out += bytes;
}

std::size_t variable_byte_integer_size(std::uint32_t value) {
    if (value < 0x80) return 1;
    if (value < 0x4000) return 2;
    return value < 0x200000 ? 3 : 4;
}

}  // namespace modax::mqtt
