#include "support/flood/mqtt_packets.hpp"

#include <stdexcept>

namespace modax::flood {

namespace {

void append_u16(std::string& out, std::uint16_t value) {
    out.push_back(static_cast<char>(value >> 8));
    out.push_back(static_cast<char>(value & 0xff));
}

std::string packet(PacketType type, std::uint8_t flags, std::string_view body) {
    std::string out;
    out.push_back(static_cast<char>((static_cast<unsigned>(type) << 4) | flags));
    append_remaining_length(out, body.size());
    out.append(body);
    return out;
}

// MQTT 5, 2.2.2.2: how many bytes the value of a property in CONNACK has.
std::size_t connack_property_size(std::uint8_t id, std::string_view value) {
    const auto text = [&](std::size_t at) { return std::size_t{2} + read_u16(value.substr(at)); };
    switch (id) {
        case 0x24:  // maximum QoS
        case 0x25:  // retain available
        case 0x28:  // wildcard subscription available
        case 0x29:  // subscription identifier available
        case 0x2a:  // shared subscription available
            return 1;
        case 0x13:  // server keep alive
        case 0x21:  // receive maximum
        case 0x22:  // topic alias maximum
            return 2;
        case 0x11:  // session expiry interval
        case 0x27:  // maximum packet size
            return 4;
        case 0x26:  // user property
            return text(0) + text(text(0));
        default:
            return text(0);
    }
}

std::size_t take_variable_integer(std::string_view& bytes) {
    std::size_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        if (bytes.empty()) throw std::runtime_error("MQTT packet is cut short");
        const auto byte = static_cast<std::uint8_t>(bytes.front());
        bytes.remove_prefix(1);
        value |= static_cast<std::size_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    throw std::runtime_error("MQTT variable byte integer has more than four bytes");
}

}  // namespace

void append_remaining_length(std::string& out, std::size_t length) {
    do {
        auto byte = static_cast<std::uint8_t>(length % 128);
        length /= 128;
        if (length > 0) byte |= 0x80;
        out.push_back(static_cast<char>(byte));
    } while (length > 0);
}

void append_text(std::string& out, std::string_view text) {
    append_u16(out, static_cast<std::uint16_t>(text.size()));
    out.append(text);
}

std::string connect_packet(const ConnectFields& fields) {
    std::string body;
    append_text(body, "MQTT");
    body.push_back(static_cast<char>(fields.version));
    unsigned flags = fields.clean ? 0x02 : 0x00;
    if (!fields.user.empty()) flags |= 0x80;
    if (!fields.password.empty()) flags |= 0x40;
    body.push_back(static_cast<char>(flags));
    append_u16(body, fields.keep_alive_seconds);
    if (fields.version == k_version_5) {
        if (fields.clean) {
            body.push_back(0);
        } else {
            // Session expiry interval of an hour, as a persistent session has by flag in 3.1.1.
            body.append(std::string_view{"\x05\x11\x00\x00\x0e\x10", 6});
        }
    }
    append_text(body, fields.client_id);
    if (!fields.user.empty()) append_text(body, fields.user);
    if (!fields.password.empty()) append_text(body, fields.password);
    return packet(PacketType::connect, 0, body);
}

std::string subscribe_packet(
    std::uint8_t version, std::uint16_t packet_id, std::string_view filter, std::uint8_t qos
) {
    std::string body;
    append_u16(body, packet_id);
    if (version == k_version_5) body.push_back(0);
    append_text(body, filter);
    body.push_back(static_cast<char>(qos));
    return packet(PacketType::subscribe, 2, body);
}

std::string ping_request() {
    return packet(PacketType::pingreq, 0, {});
}

std::string disconnect_packet() {
    return packet(PacketType::disconnect, 0, {});
}

void append_puback(std::string& out, std::uint16_t packet_id) {
    out.push_back(0x40);
    out.push_back(2);
    append_u16(out, packet_id);
}

std::optional<Packet> take_packet(std::string_view& bytes) {
    if (bytes.size() < 2) return std::nullopt;
    std::size_t length = 0;
    std::size_t at = 1;
    for (unsigned shift = 0;; shift += 7, ++at) {
        if (shift >= 28) throw std::runtime_error("remaining length has more than four bytes");
        if (at >= bytes.size()) return std::nullopt;
        const auto byte = static_cast<std::uint8_t>(bytes[at]);
        length |= static_cast<std::size_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) break;
    }
    ++at;
    if (bytes.size() < at + length) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(bytes.front());
    Packet packet{
        static_cast<PacketType>(first >> 4),
        static_cast<std::uint8_t>(first & 0x0f),
        bytes.substr(at, length)};
    bytes.remove_prefix(at + length);
    return packet;
}

std::uint16_t read_u16(std::string_view bytes) {
    if (bytes.size() < 2) throw std::runtime_error("MQTT packet is cut short");
    return static_cast<std::uint16_t>(
        (static_cast<std::uint8_t>(bytes[0]) << 8) | static_cast<std::uint8_t>(bytes[1])
    );
}

Connack read_connack(std::string_view body, std::uint8_t version) {
    if (body.size() < 2) throw std::runtime_error("CONNACK is cut short");
    Connack connack;
    connack.session_present = (body[0] & 1) != 0;
    connack.reason = static_cast<std::uint8_t>(body[1]);
    if (version != k_version_5 || body.size() < 3) return connack;
    body.remove_prefix(2);
    auto properties = body;
    const auto length = take_variable_integer(properties);
    properties = properties.substr(0, length);
    while (!properties.empty()) {
        const auto id = static_cast<std::uint8_t>(properties.front());
        properties.remove_prefix(1);
        if (id == 0x21) connack.receive_maximum = read_u16(properties);
        const auto size = connack_property_size(id, properties);
        if (size > properties.size()) throw std::runtime_error("CONNACK property is cut short");
        properties.remove_prefix(size);
    }
    return connack;
}

Publish read_publish(const Packet& packet, std::uint8_t version) {
    auto rest = packet.body;
    Publish publish;
    const std::size_t topic_length = read_u16(rest);
    if (rest.size() < 2 + topic_length) throw std::runtime_error("PUBLISH is cut short");
    publish.topic = rest.substr(2, topic_length);
    rest.remove_prefix(2 + topic_length);
    if ((packet.flags & 0x06) != 0) {
        publish.packet_id = read_u16(rest);
        rest.remove_prefix(2);
    }
    if (version == k_version_5) {
        const auto length = take_variable_integer(rest);
        if (length > rest.size()) throw std::runtime_error("PUBLISH properties are cut short");
        rest.remove_prefix(length);
    }
    publish.payload = rest;
    return publish;
}

}  // namespace modax::flood
