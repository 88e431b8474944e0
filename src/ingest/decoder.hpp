// Decodes payloads (flat and classic MODAX JSON, DESIGN 5) into readings and safety statuses, or
// says why not. Keeps its buffers from one payload to the next; owned by an Intake; not
// thread-safe.
//
// Strict where JSON is loose: UTF-8 only, no duplicate names, at most 32 levels and 10,000 members,
// nothing after the value. A UTF-8 byte order mark in front is skipped.
//
// Further metrics: numbers, booleans, texts of up to 256 bytes. An object of further metrics is
// flattened by one level (`spindle: {load: 3}` is `spindle_load`), an array is numbered from 1
// (`axis: [1, 2]` is `axis_1`, `axis_2`); deeper nesting is refused. null is the same as absent.
#pragma once

#include "core/device.hpp"
#include "core/reading.hpp"
#include "ingest/refusal.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

namespace modax::ingest {

struct DecoderOptions {
    bool auto_register = true;
    std::chrono::microseconds future_tolerance = std::chrono::hours{24};
    std::size_t max_payload = std::size_t{64} * 1024;  // bytes
};

// Limits of DESIGN 5 and PROMISES 3.4.
inline constexpr std::size_t k_max_depth = 32;
inline constexpr std::size_t k_max_members = 10'000;
inline constexpr std::size_t k_max_metrics = 256;
inline constexpr std::size_t k_max_text = 256;   // bytes
inline constexpr double k_max_magnitude = 1e15;  // of a quantity, in any unit

class Decoder {
public:
    // Allocates for `max_payload` once; `devices` must outlive the decoder.
    Decoder(DecoderOptions options, DeviceRegistry& devices);
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder();

    // `topic_device` is the device id in the topic, empty when it has none. Registers the device
    // only when the payload is a reading.
    Decoded<Reading> decode_reading(
        std::string_view topic_device, std::string_view payload, Timestamp received
    );
    // Also tells the device's `last_is_safe`, unless a newer status told it.
    Decoded<SafetyStatus> decode_safety(
        std::string_view topic_device, std::string_view payload, Timestamp received
    );

private:
    struct Parts;

    std::unique_ptr<Parts> parts_;
};

}  // namespace modax::ingest
