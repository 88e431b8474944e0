// Why a message is no reading. The words are kept in the quarantine table and shown by /metrics, so
// they never change their meaning.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace modax::ingest {

enum class Reason : std::uint8_t {
    bad_topic,  // more than one level below the ingest topic, or an empty one
    too_large,  // payload over the limit
    not_utf8,
    not_json,          // also NaN, Infinity, comments, trailing commas, an empty payload
    bad_number,        // malformed, or an integer of more than 64 bits
    too_deep,          // nested deeper than 32
    too_many_members,  // over 10,000 members and elements in all
    duplicate_key,     // the same name twice in one object, or twice after flattening
    not_an_object,
    wrong_type,        // for example a string where a number belongs
    implausible,       // beyond 1e15: no sensor means that
    bad_timestamp,     // neither ISO 8601 nor a number
    time_in_future,    // ahead of the gateway's clock by more than the tolerance
    bad_sequence,      // negative, fractional or over 2^63 - 1
    bad_name,          // a metric's name that is not allowed or is taken
    too_many_metrics,  // over 256
    text_too_long,     // a text metric over 256 bytes
    bad_text,          // a text metric with a NUL character, which databases refuse
    no_values,         // neither a quantity nor a metric nor is_safe
    missing_field,     // a safety status without one of its four fields
    no_device,         // neither in the payload nor in the topic
    bad_device_id,     // not [A-Za-z0-9][A-Za-z0-9._-]{0,63}
    device_mismatch,   // the payload names another device than the topic
    unknown_device,    // and ingest.auto_register is off
};
inline constexpr std::array<std::string_view, 24> k_reason_names{
    "bad_topic",        "too_large",        "not_utf8",        "not_json",      "bad_number",
    "too_deep",         "too_many_members", "duplicate_key",   "not_an_object", "wrong_type",
    "implausible",      "bad_timestamp",    "time_in_future",  "bad_sequence",  "bad_name",
    "too_many_metrics", "text_too_long",    "bad_text",        "no_values",     "missing_field",
    "no_device",        "bad_device_id",    "device_mismatch", "unknown_device"};

constexpr std::string_view reason_name(Reason reason) {
    return k_reason_names[static_cast<std::size_t>(reason)];
}

struct Refusal {
    Reason reason = Reason::not_json;
    std::string detail;  // one line for people: which field, which value
};

template <class T>
using Decoded = tl::expected<T, Refusal>;
using Checked = Decoded<void>;

inline tl::unexpected<Refusal> refuse(Reason reason, std::string detail) {
    return tl::make_unexpected(Refusal{reason, std::move(detail)});
}

// A piece of a payload for a detail line: quoted, control characters escaped, cut to 64 bytes.
std::string shown(std::string_view text);

}  // namespace modax::ingest
