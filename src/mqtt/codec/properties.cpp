#include "mqtt/codec/properties.hpp"

#include <initializer_list>

namespace modax::mqtt {
namespace {

// Section 2.2.2.2, table 2-4.
enum class Id : std::uint8_t {
    payload_format_indicator = 0x01,
    message_expiry_interval = 0x02,
    content_type = 0x03,
    response_topic = 0x08,
    correlation_data = 0x09,
    subscription_identifier = 0x0B,
    session_expiry_interval = 0x11,
    assigned_client_identifier = 0x12,
    server_keep_alive = 0x13,
    authentication_method = 0x15,
    authentication_data = 0x16,
    request_problem_information = 0x17,
    will_delay_interval = 0x18,
    request_response_information = 0x19,
    response_information = 0x1A,
    server_reference = 0x1C,
    reason_string = 0x1F,
    receive_maximum = 0x21,
    topic_alias_maximum = 0x22,
    topic_alias = 0x23,
    maximum_qos = 0x24,
    retain_available = 0x25,
    user_property = 0x26,
    maximum_packet_size = 0x27,
    wildcard_subscription_available = 0x28,
    subscription_identifier_available = 0x29,
    shared_subscription_available = 0x2A,
};

using Packets = std::uint32_t;  // one bit for each PacketType

constexpr Packets in(std::initializer_list<PacketType> packets) {
    Packets bits = 0;
    for (const PacketType packet : packets) bits |= 1U << static_cast<unsigned>(packet);
    return bits;
}

Packets packets_of(Id id) {
    using enum PacketType;
    constexpr Packets k_answers =
        in({connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, auth});
    switch (id) {
        case Id::payload_format_indicator:
        case Id::message_expiry_interval:
        case Id::content_type:
        case Id::response_topic:
        case Id::correlation_data:
            return in({publish, will});
        case Id::subscription_identifier:
            return in({publish, subscribe});
        case Id::session_expiry_interval:
            return in({connect, connack, disconnect});
        case Id::authentication_method:
        case Id::authentication_data:
            return in({connect, connack, auth});
        case Id::request_problem_information:
        case Id::request_response_information:
            return in({connect});
        case Id::will_delay_interval:
            return in({will});
        case Id::server_reference:
            return in({connack, disconnect});
        case Id::reason_string:
            return k_answers;
        case Id::receive_maximum:
        case Id::topic_alias_maximum:
        case Id::maximum_packet_size:
            return in({connect, connack});
        case Id::topic_alias:
            return in({publish});
        case Id::user_property:
            return k_answers | in({connect, publish, will, subscribe, unsubscribe});
        case Id::assigned_client_identifier:
        case Id::server_keep_alive:
        case Id::response_information:
        case Id::maximum_qos:
        case Id::retain_available:
        case Id::wildcard_subscription_available:
        case Id::subscription_identifier_available:
        case Id::shared_subscription_available:
            return in({connack});
    }
    return 0;
}

// Reads one value into its place; false: it stood there before.
template <class T, class V>
bool set_once(std::optional<T>& place, V value) {
    const bool first = !place.has_value();
    place = static_cast<T>(value);
    return first;
}

// False: the property stood there before.
bool read_value(Reader& reader, Id id, Properties& p) {
    switch (id) {
        case Id::payload_format_indicator:
            return set_once(p.payload_format_indicator, reader.byte());
        case Id::message_expiry_interval:
            return set_once(p.message_expiry_interval, reader.four_bytes());
        case Id::content_type:
            return set_once(p.content_type, reader.utf8());
        case Id::response_topic:
            return set_once(p.response_topic, reader.utf8());
        case Id::correlation_data:
            return set_once(p.correlation_data, reader.binary());
        case Id::subscription_identifier:
            p.subscription_identifiers.push_back(reader.variable_byte_integer());
            return true;
        case Id::session_expiry_interval:
            return set_once(p.session_expiry_interval, reader.four_bytes());
        case Id::assigned_client_identifier:
            return set_once(p.assigned_client_identifier, reader.utf8());
        case Id::server_keep_alive:
            return set_once(p.server_keep_alive, reader.two_bytes());
        case Id::authentication_method:
            return set_once(p.authentication_method, reader.utf8());
        case Id::authentication_data:
            return set_once(p.authentication_data, reader.binary());
        case Id::request_problem_information:
            return set_once(p.request_problem_information, reader.byte());
        case Id::will_delay_interval:
            return set_once(p.will_delay_interval, reader.four_bytes());
        case Id::request_response_information:
            return set_once(p.request_response_information, reader.byte());
        case Id::response_information:
            return set_once(p.response_information, reader.utf8());
        case Id::server_reference:
            return set_once(p.server_reference, reader.utf8());
        case Id::reason_string:
            return set_once(p.reason_string, reader.utf8());
        case Id::receive_maximum:
            return set_once(p.receive_maximum, reader.two_bytes());
        case Id::topic_alias_maximum:
            return set_once(p.topic_alias_maximum, reader.two_bytes());
        case Id::topic_alias:
            return set_once(p.topic_alias, reader.two_bytes());
        case Id::maximum_qos:
            return set_once(p.maximum_qos, reader.byte());
        case Id::retain_available:
            return set_once(p.retain_available, reader.byte());
        case Id::user_property: {
            const auto name = reader.utf8();
            p.user_properties.emplace_back(name, reader.utf8());
            return true;
        }
        case Id::maximum_packet_size:
            return set_once(p.maximum_packet_size, reader.four_bytes());
        case Id::wildcard_subscription_available:
            return set_once(p.wildcard_subscription_available, reader.byte());
        case Id::subscription_identifier_available:
            return set_once(p.subscription_identifier_available, reader.byte());
        case Id::shared_subscription_available:
            return set_once(p.shared_subscription_available, reader.byte());
    }
    return true;
}

bool is_flag(const std::optional<std::uint8_t>& value) {
    return !value || *value <= 1;
}

// Values that are well formed and yet forbidden.
bool in_range(const Properties& p, PacketType packet) {
    for (const std::uint32_t identifier : p.subscription_identifiers) {
        if (identifier == 0) return false;  // section 3.3.2.3.8
    }
    if (packet == PacketType::subscribe && p.subscription_identifiers.size() > 1) return false;
    return is_flag(p.payload_format_indicator) && is_flag(p.request_problem_information) &&
           is_flag(p.request_response_information) && is_flag(p.maximum_qos) &&
           is_flag(p.retain_available) && is_flag(p.wildcard_subscription_available) &&
           is_flag(p.subscription_identifier_available) &&
           is_flag(p.shared_subscription_available) && p.receive_maximum != std::uint16_t{0} &&
           p.maximum_packet_size != std::uint32_t{0};
}

void put(std::string& out, Id id, std::uint8_t value) {
    put_byte(out, static_cast<std::uint8_t>(id));
    put_byte(out, value);
}
void put(std::string& out, Id id, std::uint16_t value) {
    put_byte(out, static_cast<std::uint8_t>(id));
    put_two_bytes(out, value);
}
void put(std::string& out, Id id, std::uint32_t value) {
    put_byte(out, static_cast<std::uint8_t>(id));
    put_four_bytes(out, value);
}
void put(std::string& out, Id id, std::string_view value) {
    put_byte(out, static_cast<std::uint8_t>(id));
    put_binary(out, value);
}
template <class T>
void put(std::string& out, Id id, const std::optional<T>& value) {
    if (value) put(out, id, *value);
}

void put_forwarded(std::string& out, const Properties& p) {
    put(out, Id::payload_format_indicator, p.payload_format_indicator);
    put(out, Id::content_type, p.content_type);
    put(out, Id::response_topic, p.response_topic);
    put(out, Id::correlation_data, p.correlation_data);
    for (const auto& [name, value] : p.user_properties) {
        put(out, Id::user_property, name);
        put_binary(out, value);
    }
}

}  // namespace

Decoded<Properties> decode_properties(Reader& reader, PacketType packet) {
    const std::uint32_t length = reader.variable_byte_integer();
    Reader body{reader.take(length)};
    if (reader.failed()) return malformed("property length beyond the packet (2.2.2.1)");
    Properties properties;
    while (!body.at_end()) {
        const std::uint32_t id = body.variable_byte_integer();
        const auto allowed = id > 0xFF ? 0 : packets_of(static_cast<Id>(id));
        if (allowed == 0) return malformed("unknown property " + std::to_string(id) + " (2.2.2.2)");
        if ((allowed >> static_cast<unsigned>(packet) & 1U) == 0) {
            return violation("property " + std::to_string(id) + " not allowed here (2.2.2.2)");
        }
        const bool first = read_value(body, static_cast<Id>(id), properties);
        if (body.failed()) return malformed("property " + std::to_string(id) + " is cut (2.2.2)");
        if (!first) return violation("property " + std::to_string(id) + " stands twice (2.2.2)");
    }
    if (!in_range(properties, packet)) return violation("property value not allowed (2.2.2)");
    return properties;
}

std::string forwarded_properties(const Properties& properties) {
    std::string out;
    put_forwarded(out, properties);
    return out;
}

void encode_properties(std::string& out, const Properties& p) {
    std::string body;
    put_forwarded(body, p);
    put(body, Id::message_expiry_interval, p.message_expiry_interval);
    for (const std::uint32_t identifier : p.subscription_identifiers) {
        put_byte(body, static_cast<std::uint8_t>(Id::subscription_identifier));
        put_variable_byte_integer(body, identifier);
    }
    put(body, Id::session_expiry_interval, p.session_expiry_interval);
    put(body, Id::assigned_client_identifier, p.assigned_client_identifier);
    put(body, Id::server_keep_alive, p.server_keep_alive);
    put(body, Id::authentication_method, p.authentication_method);
    put(body, Id::authentication_data, p.authentication_data);
    put(body, Id::request_problem_information, p.request_problem_information);
    put(body, Id::will_delay_interval, p.will_delay_interval);
    put(body, Id::request_response_information, p.request_response_information);
    put(body, Id::response_information, p.response_information);
    put(body, Id::server_reference, p.server_reference);
    put(body, Id::reason_string, p.reason_string);
    put(body, Id::receive_maximum, p.receive_maximum);
    put(body, Id::topic_alias_maximum, p.topic_alias_maximum);
    put(body, Id::topic_alias, p.topic_alias);
    put(body, Id::maximum_qos, p.maximum_qos);
    put(body, Id::retain_available, p.retain_available);
    put(body, Id::maximum_packet_size, p.maximum_packet_size);
    put(body, Id::wildcard_subscription_available, p.wildcard_subscription_available);
    put(body, Id::subscription_identifier_available, p.subscription_identifier_available);
    put(body, Id::shared_subscription_available, p.shared_subscription_available);
    put_variable_byte_integer(out, static_cast<std::uint32_t>(body.size()));
    out += body;
}

}  // namespace modax::mqtt
