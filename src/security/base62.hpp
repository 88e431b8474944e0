// Digits of API keys. Internal to security.
#pragma once

#include "core/random.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace modax::security {

bool is_base62(std::string_view text);
// `length` digits, each uniform: 5.95 bits of randomness a digit.
std::string random_base62(Random& random, std::size_t length);
// Big end first, with leading zeros; `number` must fit.
std::string to_base62(std::uint32_t number, std::size_t length);
// CRC-32 of ISO 3309, as in zlib and PNG.
std::uint32_t crc32(std::string_view text);

}  // namespace modax::security
