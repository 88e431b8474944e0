#include "ingest/decoder.hpp"

#include "ingest/origin.hpp"
#include "ingest/payload_hash.hpp"
#include "ingest/reading_walk.hpp"
#include "ingest/safety_walk.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace modax::ingest {
namespace {

// Payloads up to this size never make the parser grow.
constexpr std::size_t k_usual_payload = 4096;
constexpr std::size_t k_remembered_devices = 1024;

// Integers of more than 64 bits have a code of their own in later versions of simdjson.
template <class ErrorCode>
bool is_big_integer(ErrorCode error) {
    if constexpr (requires { ErrorCode::BIGINT_ERROR; }) {
        return error == ErrorCode::BIGINT_ERROR;
    } else {
        return false;
    }
}

Refusal refusal_of(simdjson::error_code error) {
    if (is_big_integer(error)) error = simdjson::NUMBER_ERROR;
    switch (error) {
        case simdjson::UTF8_ERROR:
            return {Reason::not_utf8, "the payload is not UTF-8"};
        case simdjson::DEPTH_ERROR:
            return {Reason::too_deep, "nested deeper than 32 levels"};
        case simdjson::NUMBER_ERROR:
            return {Reason::bad_number, "a number is malformed or beyond what 64 bits hold"};
        case simdjson::EMPTY:
            return {Reason::not_json, "the payload is empty"};
        default:
            return {Reason::not_json, std::string{"not JSON: "} + simdjson::error_message(error)};
    }
}

bool same_id(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [lower](char left, char right) {
        return lower(left) == lower(right);
    });
}

// FNV-1a; only picks a slot, so it may change.
std::size_t slot_of(std::string_view id) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash % k_remembered_devices;
}

}  // namespace

struct Decoder::Parts {
    struct Remembered {
        std::string id;  // exactly as sent
        const Device* device = nullptr;
    };

    Parts(DecoderOptions decoder_options, DeviceRegistry& registry)
        : options{decoder_options}, devices{registry}, remembered(k_remembered_devices) {
        padded.resize(k_usual_payload + simdjson::SIMDJSON_PADDING);
        if (parser.allocate(k_usual_payload, k_max_depth) != simdjson::SUCCESS) {
            throw std::runtime_error{"cannot allocate the JSON parser"};
        }
    }

    Decoded<simdjson::dom::object> parse(std::string_view payload);
    Decoded<const Device*> device_of(
        std::string_view topic_device, std::string_view payload_device, Timestamp received
    );
    Decoded<Timestamp> time_of(const Origin& origin, Timestamp received) const;
    void tell_safety(const SafetyStatus& status);

    DecoderOptions options;
    DeviceRegistry& devices;
    simdjson::dom::parser parser;
    std::vector<char> padded;
    ReadingWalk reading_walk;
    SafetyWalk safety_walk;
    // Devices are never removed from the registry, so what was found once stays true.
    std::vector<Remembered> remembered;
    std::unordered_map<const Device*, Timestamp> safety_times;
};

Decoded<simdjson::dom::object> Decoder::Parts::parse(std::string_view payload) {
    if (payload.size() > options.max_payload) {
        return refuse(
            Reason::too_large,
            "the payload has " + std::to_string(payload.size()) + " bytes, at most " +
                std::to_string(options.max_payload)
        );
    }
    // Versions of simdjson differ in what they do about it.
    constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";
    if (payload.substr(0, k_byte_order_mark.size()) == k_byte_order_mark) {
        payload.remove_prefix(k_byte_order_mark.size());
    }
    if (padded.size() < payload.size() + simdjson::SIMDJSON_PADDING) {
        padded.resize(payload.size() + simdjson::SIMDJSON_PADDING);
    }
    if (!payload.empty()) std::memcpy(padded.data(), payload.data(), payload.size());
    simdjson::dom::element root;
    if (const auto error = parser.parse(padded.data(), payload.size(), false).get(root)) {
        return tl::make_unexpected(refusal_of(error));
    }
    simdjson::dom::object object;
    if (root.get(object) != simdjson::SUCCESS) {
        return refuse(
            Reason::not_an_object,
            "the payload is " + std::string{kind_of(root)} + ", must be an object"
        );
    }
    return object;
}

Decoded<const Device*> Decoder::Parts::device_of(
    std::string_view topic_device, std::string_view payload_device, Timestamp received
) {
    const std::string_view id = topic_device.empty() ? payload_device : topic_device;
    if (id.empty()) {
        return refuse(Reason::no_device, "neither the topic nor device_id names a device");
    }
    if (!payload_device.empty() && !same_id(id, payload_device)) {
        return refuse(
            Reason::device_mismatch,
            "the topic names " + shown(id) + ", device_id " + shown(payload_device)
        );
    }
    Remembered& known = remembered[slot_of(id)];
    if (known.device != nullptr && known.id == id) return known.device;
    if (!is_valid_device_id(id)) {
        return refuse(
            Reason::bad_device_id,
            "device id " + shown(id) + " must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}"
        );
    }
    const Device* device = devices.find(id);
    if (device == nullptr) {
        if (!options.auto_register) {
            return refuse(
                Reason::unknown_device,
                shown(id) + " is not registered, and ingest.auto_register is off"
            );
        }
        const auto registered = devices.find_or_register(id, received);
        if (!registered) return refuse(Reason::bad_device_id, registered.error().detail);
        device = *registered;
    }
    known.id = id;
    known.device = device;
    return device;
}

Decoded<Timestamp> Decoder::Parts::time_of(const Origin& origin, Timestamp received) const {
    const Timestamp time = origin.time.value_or(received);
    if (time > received + options.future_tolerance) {
        return refuse(
            Reason::time_in_future,
            "timestamp " + format_iso8601(time) + " is ahead of the gateway's clock, " +
                format_iso8601(received)
        );
    }
    return time;
}

void Decoder::Parts::tell_safety(const SafetyStatus& status) {
    // A status that is redelivered late must not undo a newer one.
    const auto [known, is_new] = safety_times.try_emplace(status.device, status.time);
    if (!is_new && status.time < known->second) return;
    known->second = status.time;
    status.device->set_last_is_safe(status.is_safe());
}

Decoder::Decoder(DecoderOptions options, DeviceRegistry& devices)
    : parts_{std::make_unique<Parts>(options, devices)} {}

Decoder::~Decoder() = default;

Decoded<Reading> Decoder::decode_reading(
    std::string_view topic_device, std::string_view payload, Timestamp received
) {
    auto object = parts_->parse(payload);
    if (!object) return tl::make_unexpected(std::move(object.error()));
    Decoded<Reading> decoded;
    Reading& reading = *decoded;
    Origin origin;
    if (auto walked = parts_->reading_walk.walk(*object, reading, origin); !walked) {
        return tl::make_unexpected(std::move(walked.error()));
    }
    const bool has_quantity =
        std::any_of(reading.quantities.begin(), reading.quantities.end(), [](double value) {
            return !std::isnan(value);
        });
    if (!has_quantity && reading.metrics.empty() && !reading.is_safe) {
        return refuse(Reason::no_values, "the payload has no value besides its origin");
    }
    const auto time = parts_->time_of(origin, received);
    if (!time) return tl::make_unexpected(time.error());
    const auto device = parts_->device_of(topic_device, origin.device_id, received);
    if (!device) return tl::make_unexpected(device.error());
    reading.device = *device;
    reading.time = *time;
    reading.received = received;
    reading.sequence = origin.sequence ? *origin.sequence : hashed_sequence(payload);
    if (!reading.is_safe) reading.is_safe = reading.device->last_is_safe();
    return decoded;
}

Decoded<SafetyStatus> Decoder::decode_safety(
    std::string_view topic_device, std::string_view payload, Timestamp received
) {
    auto object = parts_->parse(payload);
    if (!object) return tl::make_unexpected(std::move(object.error()));
    SafetyStatus status;
    Origin origin;
    if (auto walked = parts_->safety_walk.walk(*object, status, origin); !walked) {
        return tl::make_unexpected(std::move(walked.error()));
    }
    const auto time = parts_->time_of(origin, received);
    if (!time) return tl::make_unexpected(time.error());
    const auto device = parts_->device_of(topic_device, origin.device_id, received);
    if (!device) return tl::make_unexpected(device.error());
    status.device = *device;
    status.time = *time;
    status.received = received;
    status.sequence = origin.sequence ? *origin.sequence : hashed_sequence(payload);
    parts_->tell_safety(status);
    return status;
}

}  // namespace modax::ingest
