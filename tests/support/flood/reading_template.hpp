// The PUBLISH packets of one simulated device: everything but packet id, time and sequence number
// is laid out once, so that a message costs one copy and a few digits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modax::flood {

// Sequence numbers have ten digits, so that a packet's length does not change.
inline constexpr std::int64_t k_lowest_sequence = 1'000'000'000;
inline constexpr std::int64_t k_highest_sequence = 9'999'999'999;

// UTC microseconds since 1970, by the wall clock.
std::int64_t wall_micros();
// The time in the "timestamp" member of a flat JSON reading (ISO 8601, UTC); nullopt: none found.
std::optional<std::int64_t> timestamp_of(std::string_view json);

class ReadingTemplate {
public:
    // Topic: `topic_prefix`/`device`.
    ReadingTemplate(
        const std::string& topic_prefix, std::string device, std::uint8_t qos, std::uint8_t version
    );

    const std::string& device() const { return device_; }
    std::size_t packet_size() const { return bytes_.size(); }
    std::size_t payload_size() const { return bytes_.size() - payload_at_; }
    // `packet_id` is ignored at QoS 0. The same arguments give the same bytes, but for the DUP
    // flag.
    void append(
        std::string& out,
        std::uint16_t packet_id,
        std::int64_t sequence,
        std::int64_t micros,
        bool duplicate
    );

private:
    void set_time(std::int64_t micros);

    std::string device_;
    std::string bytes_;
    std::uint8_t qos_;
    std::size_t packet_id_at_ = 0;
    std::size_t payload_at_ = 0;
    std::size_t time_at_ = 0;
    std::size_t sequence_at_ = 0;
    std::size_t temperature_at_ = 0;
    std::array<std::size_t, 4> others_at_{};  // two digits of each other member
    std::int64_t second_shown_ = -1;
};

}  // namespace modax::flood
