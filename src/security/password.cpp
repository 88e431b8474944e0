#include "security/password.hpp"

#include <argon2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace modax::security {
namespace {

constexpr std::uint32_t k_memory_kib = 19'456;
constexpr std::uint32_t k_passes = 2;
constexpr std::uint32_t k_lanes = 1;
constexpr std::size_t k_salt_bytes = 16;
constexpr std::size_t k_hash_bytes = 32;

// Takes `label` and a number from 1 to `maximum` from the start of `text`.
bool take(std::string_view& text, std::string_view label, std::uint32_t maximum) {
    if (!text.starts_with(label)) return false;
    text.remove_prefix(label.size());
    std::uint32_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || number == 0 || number > maximum) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool is_base64(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    });
}

}  // namespace

Result<std::string> hash_password(std::string_view password, Random& random) {
    std::array<std::byte, k_salt_bytes> salt{};
    random.fill(salt);
    std::array<char, 256> encoded{};
    const int code = argon2id_hash_encoded(
        k_passes,
        k_memory_kib,
        k_lanes,
        password.data(),
        password.size(),
        salt.data(),
        salt.size(),
        k_hash_bytes,
        encoded.data(),
        encoded.size()
    );
    if (code != ARGON2_OK) {
        return fail(
            Errc::resource_exhausted,
            std::string{"cannot hash a password: "} + argon2_error_message(code) +
                "; about 20 MiB of memory are needed"
        );
    }
    return std::string{encoded.data()};
}

bool verify_password(std::string_view hash, std::string_view password) {
    if (!is_password_hash(hash)) return false;
    const std::string terminated{hash};
    return argon2id_verify(terminated.c_str(), password.data(), password.size()) == ARGON2_OK;
}

bool is_password_hash(std::string_view hash) {
    constexpr std::uint32_t k_max_memory_kib = 1U << 20U;
    if (hash.size() > 256) return false;
    if (!take(hash, "$argon2id$v=", 19) || !take(hash, "$m=", k_max_memory_kib) ||
        !take(hash, ",t=", 16) || !take(hash, ",p=", 16) || !hash.starts_with('$')) {
        return false;
    }
    hash.remove_prefix(1);
    const auto dollar = hash.find('$');
    return dollar != std::string_view::npos && is_base64(hash.substr(0, dollar)) &&
           is_base64(hash.substr(dollar + 1));
}

}  // namespace modax::security
