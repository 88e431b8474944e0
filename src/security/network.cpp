#include "security/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace modax::security {
namespace {

constexpr unsigned k_v4_prefix = 96;

// The address in IPv6 form, and whether it was written as IPv4.
std::optional<std::array<std::uint8_t, 16>> address_bytes(const std::string& text, bool& is_v4) {
    std::array<std::uint8_t, 16> bytes{};
    is_v4 = inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1;
    if (is_v4) {
        bytes[10] = bytes[11] = 0xFF;
        return bytes;
    }
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
    return std::nullopt;
}

bool bit_of(const std::array<std::uint8_t, 16>& bytes, unsigned index) {
    return (bytes[index / 8] >> (7 - index % 8) & 1U) != 0;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
    const auto slash = text.find('/');
    bool is_v4 = false;
    const auto bytes = address_bytes(std::string{text.substr(0, slash)}, is_v4);
    if (!bytes) return std::nullopt;
    Network network;
    network.bytes_ = *bytes;
    if (slash == std::string_view::npos) return network;
    const auto digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (failure != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (prefix > (is_v4 ? 32U : 128U)) return std::nullopt;
    network.prefix_ = is_v4 ? prefix + k_v4_prefix : prefix;
    for (unsigned i = network.prefix_; i < 128; ++i) {
        if (bit_of(network.bytes_, i)) return std::nullopt;
    }
    return network;
}

bool Network::contains(std::string_view address) const {
    bool is_v4 = false;
    const auto bytes = address_bytes(std::string{address}, is_v4);
    if (!bytes) return false;
    const unsigned whole = prefix_ / 8;
    if (!std::equal(bytes->begin(), bytes->begin() + whole, bytes_.begin())) return false;
    for (unsigned i = whole * 8; i < prefix_; ++i) {
        if (bit_of(*bytes, i) != bit_of(bytes_, i)) return false;
    }
    return true;
}

}  // namespace modax::security
