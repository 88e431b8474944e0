// The few MQTT packets the flood needs, written and read by hand so that a mistake in src/mqtt
// can't hide behind the same mistake here (MQTT 3.1.1 and 5, sections 2 and 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modax::flood {

inline constexpr std::uint8_t k_version_5 = 5;

enum class PacketType : std::uint8_t {
    connect = 1,
    connack = 2,
    publish = 3,
    puback = 4,
    subscribe = 8,
    suback = 9,
    pingreq = 12,
    pingresp = 13,
    disconnect = 14,
};

struct ConnectFields {
    std::uint8_t version = 4;
    std::string client_id;
    std::string user;
    std::string password;
    bool clean = true;
    std::uint16_t keep_alive_seconds = 0;
};

std::string connect_packet(const ConnectFields& fields);
std::string subscribe_packet(
    std::uint8_t version, std::uint16_t packet_id, std::string_view filter, std::uint8_t qos
);
std::string ping_request();
std::string disconnect_packet();
void append_puback(std::string& out, std::uint16_t packet_id);
void append_remaining_length(std::string& out, std::size_t length);
void append_text(std::string& out, std::string_view text);

struct Packet {
    PacketType type{};
    std::uint8_t flags = 0;
    std::string_view body;  // behind the fixed header
};

// Takes the first whole packet off `bytes`; nullopt: more bytes are needed. Throws
// std::runtime_error on a remaining length of more than four bytes.
std::optional<Packet> take_packet(std::string_view& bytes);

std::uint16_t read_u16(std::string_view bytes);

struct Connack {
    bool session_present = false;
    std::uint8_t reason = 0;
    std::uint16_t receive_maximum = 65535;
};
// Throws std::runtime_error when the packet is cut short.
Connack read_connack(std::string_view body, std::uint8_t version);

struct Publish {
    std::string_view topic;
    std::uint16_t packet_id = 0;  // 0: QoS 0
    std::string_view payload;
};
Publish read_publish(const Packet& packet, std::uint8_t version);

}  // namespace modax::flood
