// XXH64 (Yann Collet's xxHash, 64 bit, seed 0), as in doc/xxhash_spec.md of the xxHash project.
// It is part of a reading's identity in the store, so it must never change.
#pragma once

#include <cstdint>
#include <string_view>

namespace modax::ingest {

// The same on every machine.
std::uint64_t payload_hash(std::string_view payload);

// The identity of a payload without a sequence of its own: always negative, so that it never meets
// one.
inline std::int64_t hashed_sequence(std::string_view payload) {
    return static_cast<std::int64_t>(payload_hash(payload) | (std::uint64_t{1} << 63U));
}

}  // namespace modax::ingest
