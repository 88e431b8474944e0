// SHA-256, HMAC-SHA256 and constant-time comparison by OpenSSL. Internal to security.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace modax::security {

using Digest = std::array<std::byte, 32>;

// SHA-256 (FIPS 180-4), looked up in OpenSSL once, because that costs more than a short hash.
// Thread-safe. Throws std::runtime_error when OpenSSL has no SHA-256 or no memory.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    Digest hash(std::string_view text) const;

private:
    struct Algorithm;
    std::unique_ptr<Algorithm> algorithm_;
};

// SHA-256 of what comes in parts. Throws std::runtime_error as Sha256.
class RunningSha256 {
public:
    RunningSha256();
    ~RunningSha256();
    RunningSha256(const RunningSha256&) = delete;
    RunningSha256& operator=(const RunningSha256&) = delete;

    void add(std::string_view part);
    // In base64; only once.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// HMAC-SHA256 (RFC 2104). Throws std::runtime_error when OpenSSL refuses.
Digest hmac_sha256(std::span<const std::byte> key, std::string_view text);

// In a time that does not depend on where they differ.
bool equal_in_constant_time(const Digest& left, const Digest& right);

}  // namespace modax::security
