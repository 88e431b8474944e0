// A range of IP addresses in CIDR notation (RFC 4632, RFC 4291): "10.1.0.0/16", "fd00::/8", or one
// address. Internal to security.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace modax::security {

class Network {
public:
    // nullopt when it is none, or has bits set behind its prefix.
    static std::optional<Network> parse(std::string_view text);
    // An IPv4 address in IPv6 form is the IPv4 address.
    bool contains(std::string_view address) const;

private:
    // IPv4 in its IPv6 form, so that both are compared the same way.
    std::array<std::uint8_t, 16> bytes_{};
    unsigned prefix_ = 128;
};

}  // namespace modax::security
