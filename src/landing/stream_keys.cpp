#include "landing/stream_keys.hpp"

namespace modax::landing {
namespace {

void append_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>((value & 0x7FU) | 0x80U);
        value >>= 7U;
    }
    out += static_cast<char>(value);
}

// Small numbers of either sign become small unsigned ones.
std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>((value >> 1U) ^ (0 - (value & 1U)));
}

// Differences wrap around like the two's complement they are stored in, never overflow.
std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

void StreamKeyEncoder::clear() {
    bytes_.clear();
    time_ = 0;
}

void StreamKeyEncoder::append(const StreamKey& key) {
    append_varint(bytes_, std::uint64_t{key.device} * 2 + (key.safety ? 1 : 0));
    const auto step = static_cast<std::uint64_t>(key.time) - static_cast<std::uint64_t>(time_);
    append_varint(bytes_, zigzag(static_cast<std::int64_t>(step)));
    append_varint(bytes_, zigzag(key.sequence));
    time_ = key.time;
}

std::optional<std::uint64_t> StreamKeyDecoder::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7FU} << shift;
        if (byte < 0x80) return value;
    }
    return std::nullopt;
}

std::optional<StreamKey> StreamKeyDecoder::next() {
    const auto head = varint();
    if (!head) return std::nullopt;
    const auto step = varint();
    if (!step) return std::nullopt;
    const auto sequence = varint();
    if (!sequence) return std::nullopt;
    time_ = wrapping_sum(time_, unzigzag(*step));
    StreamKey key;
    key.safety = (*head & 1U) != 0;
    key.device = static_cast<std::uint32_t>(*head >> 1U);
    key.time = time_;
    key.sequence = unzigzag(*sequence);
    return key;
}

}  // namespace modax::landing
