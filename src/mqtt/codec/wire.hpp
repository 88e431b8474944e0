// The wire types of MQTT (MQTT 5, section 1.5) and the error every decoder gives. Pure functions on
// views; no allocation, no I/O.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace modax::mqtt {

enum class ProtocolVersion : std::uint8_t { v3_1_1 = 4, v5 = 5 };

// MQTT 5, section 2.4. 3.1.1 connections are closed without one.
enum class ReasonCode : std::uint8_t {
    success = 0x00,  // also normal disconnection, granted QoS 0
    granted_qos_1 = 0x01,
    granted_qos_2 = 0x02,
    disconnect_with_will = 0x04,
    no_matching_subscribers = 0x10,
    no_subscription_existed = 0x11,
    continue_authentication = 0x18,
    re_authenticate = 0x19,
    unspecified_error = 0x80,
    malformed_packet = 0x81,
    protocol_error = 0x82,
    implementation_specific_error = 0x83,
    unsupported_protocol_version = 0x84,
    client_identifier_not_valid = 0x85,
    bad_user_name_or_password = 0x86,
    not_authorized = 0x87,
    server_unavailable = 0x88,
    server_busy = 0x89,
    server_shutting_down = 0x8B,
    bad_authentication_method = 0x8C,
    keep_alive_timeout = 0x8D,
    session_taken_over = 0x8E,
    topic_filter_invalid = 0x8F,
    topic_name_invalid = 0x90,
    packet_identifier_in_use = 0x91,
    packet_identifier_not_found = 0x92,
    receive_maximum_exceeded = 0x93,
    topic_alias_invalid = 0x94,
    packet_too_large = 0x95,
    message_rate_too_high = 0x96,
    quota_exceeded = 0x97,
    administrative_action = 0x98,
    payload_format_invalid = 0x99,
    retain_not_supported = 0x9A,
    qos_not_supported = 0x9B,
    use_another_server = 0x9C,
    server_moved = 0x9D,
    shared_subscriptions_not_supported = 0x9E,
    connection_rate_exceeded = 0x9F,
    maximum_connect_time = 0xA0,
    subscription_identifiers_not_supported = 0xA1,
    wildcard_subscriptions_not_supported = 0xA2,
};

// What a peer did wrong: the code to answer with, and a sentence with the section of the standard.
struct ProtocolError {
    ReasonCode reason = ReasonCode::malformed_packet;
    std::string detail;
};
template <class T>
using Decoded = tl::expected<T, ProtocolError>;

tl::unexpected<ProtocolError> malformed(std::string detail);
tl::unexpected<ProtocolError> violation(std::string detail);  // protocol_error

// UTF-8 as section 1.5.4 demands: well formed, no surrogates, no U+0000.
bool is_valid_utf8(std::string_view text);

// Reads wire types from the front of a view. A read beyond the end sets failed() and gives zero
// or an empty view, so that callers check once at the end of a run of reads.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}

    std::uint8_t byte();
    std::uint16_t two_bytes();
    std::uint32_t four_bytes();
    std::uint32_t variable_byte_integer();
    std::string_view binary();  // two-byte length and that many bytes
    std::string_view utf8();    // the same, checked; failed() when it is no valid UTF-8
    std::string_view take(std::size_t count);
    std::string_view rest();  // everything that is left

    bool failed() const { return failed_; }
    bool at_end() const { return bytes_.empty(); }

private:
    void fail();
    std::string_view bytes_;
    bool failed_ = false;
};

void put_byte(std::string& out, std::uint8_t value);
void put_two_bytes(std::string& out, std::uint16_t value);
void put_four_bytes(std::string& out, std::uint32_t value);
void put_variable_byte_integer(std::string& out, std::uint32_t value);  // up to 268,435,455
void put_binary(std::string& out, std::string_view bytes);              // up to 65,535 bytes
std::size_t variable_byte_integer_size(std::uint32_t value);

}  // namespace modax::mqtt
