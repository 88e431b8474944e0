#include "security/base62.hpp"

#include <algorithm>
#include <array>

namespace modax::security {
namespace {

constexpr std::string_view k_digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    constexpr std::uint32_t k_polynomial = 0xEDB88320U;
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value & 1U) != 0 ? k_polynomial ^ (value >> 1U) : value >> 1U;
        }
        table[i] = value;
    }
    return table;
}

constexpr auto k_crc_table = make_crc_table();

}  // namespace

bool is_base62(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
}

std::string random_base62(Random& random, std::size_t length) {
    std::string digits(length, '0');
    for (char& digit : digits) digit = k_digits[random.below(k_digits.size())];
    return digits;
}

std::string to_base62(std::uint32_t number, std::size_t length) {
    std::string digits(length, '0');
    for (std::size_t place = length; place > 0; --place) {
        digits[place - 1] = k_digits[number % k_digits.size()];
        number /= static_cast<std::uint32_t>(k_digits.size());
    }
    return digits;
}

std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : text) {
        crc = k_crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (crc >> 8U);
    }
    return ~crc;
}

}  // namespace modax::security
