// The keys of a transaction's new events as bytes of the stream log. Each event is
//   varint(device * 2 + kind), zigzag varint(time - time of the event before), zigzag
//   varint(sequence)
// with LEB128 varints; the first event's time counts from 0. Kind 0: reading, 1: safety status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modax::landing {

struct StreamKey {
    bool safety = false;
    std::uint32_t device = 0;
    std::int64_t time = 0;  // microseconds since 1970
    std::int64_t sequence = 0;
    bool operator==(const StreamKey&) const = default;
};

class StreamKeyEncoder {
public:
    void clear();
    void append(const StreamKey& key);
    std::string_view bytes() const { return bytes_; }

private:
    std::string bytes_;
    std::int64_t time_ = 0;
};

class StreamKeyDecoder {
public:
    explicit StreamKeyDecoder(std::string_view bytes) : bytes_{bytes} {}
    // nullopt at the end, and when the bytes are damaged.
    std::optional<StreamKey> next();

private:
    std::optional<std::uint64_t> varint();

    std::string_view bytes_;
    std::int64_t time_ = 0;
};

}  // namespace modax::landing
