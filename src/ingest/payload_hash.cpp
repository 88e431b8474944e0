#include "ingest/payload_hash.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace modax::ingest {
namespace {

constexpr std::uint64_t k_prime_1 = 0x9E3779B185EBCA87ULL;
constexpr std::uint64_t k_prime_2 = 0xC2B2AE3D27D4EB4FULL;
constexpr std::uint64_t k_prime_3 = 0x165667B19E3779F9ULL;
constexpr std::uint64_t k_prime_4 = 0x85EBCA77C2B2AE63ULL;
constexpr std::uint64_t k_prime_5 = 0x27D4EB2F165667C5ULL;
constexpr std::size_t k_stripe = 32;

template <class Word>
Word load_little_endian(const char* from) {
    Word word{};
    std::memcpy(&word, from, sizeof word);
    if constexpr (std::endian::native == std::endian::big) {
        Word swapped{};
        for (std::size_t i = 0; i < sizeof word; ++i) {
            swapped = static_cast<Word>((swapped << 8U) | ((word >> (8U * i)) & 0xFFU));
        }
        return swapped;
    }
    return word;
}

std::uint64_t round(std::uint64_t accumulator, std::uint64_t lane) {
    return std::rotl(accumulator + lane * k_prime_2, 31) * k_prime_1;
}

std::uint64_t merge(std::uint64_t hash, std::uint64_t accumulator) {
    return (hash ^ round(0, accumulator)) * k_prime_1 + k_prime_4;
}

// Takes whole stripes off the front of `text`.
std::uint64_t hash_stripes(std::string_view& text) {
    std::array<std::uint64_t, 4> lanes{k_prime_1 + k_prime_2, k_prime_2, 0, 0 - k_prime_1};
    while (text.size() >= k_stripe) {
        for (std::size_t i = 0; i < lanes.size(); ++i) {
            lanes[i] = round(lanes[i], load_little_endian<std::uint64_t>(text.data() + 8 * i));
        }
        text.remove_prefix(k_stripe);
    }
    std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
                         std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = merge(hash, lane);
    return hash;
}

}  // namespace

std::uint64_t payload_hash(std::string_view payload) {
    const std::uint64_t size = payload.size();
    std::uint64_t hash = payload.size() >= k_stripe ? hash_stripes(payload) : k_prime_5;
    hash += size;
    while (payload.size() >= 8) {
        hash ^= round(0, load_little_endian<std::uint64_t>(payload.data()));
        hash = std::rotl(hash, 27) * k_prime_1 + k_prime_4;
        payload.remove_prefix(8);
    }
    if (payload.size() >= 4) {
        hash ^= load_little_endian<std::uint32_t>(payload.data()) * k_prime_1;
        hash = std::rotl(hash, 23) * k_prime_2 + k_prime_3;
        payload.remove_prefix(4);
    }
    for (const char c : payload) {
        hash ^= static_cast<unsigned char>(c) * k_prime_5;
        hash = std::rotl(hash, 11) * k_prime_1;
    }
    hash = (hash ^ (hash >> 33U)) * k_prime_2;
    hash = (hash ^ (hash >> 29U)) * k_prime_3;
    return hash ^ (hash >> 32U);
}

}  // namespace modax::ingest
