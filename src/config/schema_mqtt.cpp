// The schema of the MQTT listener.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {
namespace {

void append(std::vector<Key>& keys, std::vector<Key> more) {
    for (Key& key : more) keys.push_back(std::move(key));
}

std::vector<Key> access_keys() {
    return {
        flag(MODAX_KEY(mqtt.enabled), "Whether to listen for MQTT without TLS."),
        address(MODAX_KEY(mqtt.bind), "The address to listen on."),
        port(MODAX_KEY(mqtt.port), "The port to listen on."),
        flag(MODAX_KEY(mqtt.ws_enabled), "Whether to listen for MQTT over WebSocket as well."),
        port(MODAX_KEY(mqtt.ws_port), "The port for MQTT over WebSocket."),
        flag(
            MODAX_KEY(mqtt.allow_plaintext_beyond_loopback),
            "Whether mqtt.bind may be other than a loopback address. Passwords and readings then "
            "cross the network unencrypted; prefer [mqtts]."
        ),
        flag(
            MODAX_KEY(mqtt.allow_anonymous_on_loopback),
            "Whether clients on this machine may connect without a user name."
        ),
    };
}

std::vector<Key> packet_keys() {
    return {
        number(
            MODAX_KEY(mqtt.max_connections),
            "How many clients may be connected at a time.",
            1,
            100'000,
            "connections"
        ),
        size(
            MODAX_KEY(mqtt.max_packet_size),
            "The largest packet a client may send.",
            k_kibibyte,
            256 * k_mebibyte
        ),
        number(MODAX_KEY(mqtt.max_topic_length), "The longest topic.", 16, 65'535, "bytes"),
        number(MODAX_KEY(mqtt.max_topic_levels), "The deepest topic.", 3, 128, "levels"),
        number(
            MODAX_KEY(mqtt.max_subscriptions),
            "How many subscriptions one client may have.",
            1,
            10'000,
            "subscriptions"
        ),
        number(
            MODAX_KEY(mqtt.max_refused_logins_per_address),
            "How many wrong logins one address may try in a minute; above it Quota exceeded, "
            "without "
            "a look at the password. 0: no limit.",
            0,
            1'000'000,
            "logins"
        ),
        number(
            MODAX_KEY(mqtt.max_publish_rate),
            "How many messages a second one client may publish; above it version 5 clients get "
            "\"Quota exceeded\", others are read more slowly; 0: no limit.",
            0,
            1'000'000,
            "messages"
        ),
        flag(
            MODAX_KEY(mqtt.allow_top_level_wildcard),
            "Whether clients may subscribe to \"#\" or \"+/…\", that is to everything."
        ),
        number(
            MODAX_KEY(mqtt.receive_maximum),
            "How many messages of a client may wait for their acknowledgement, which is sent when "
            "they are stored; then the client has to wait.",
            1,
            65'535,
            "messages"
        ),
        number(
            MODAX_KEY(mqtt.max_inflight),
            "How many messages to a client may wait for its acknowledgement.",
            1,
            65'535,
            "messages"
        ),
        number(
            MODAX_KEY(mqtt.topic_alias_maximum),
            "How many topic aliases (MQTT 5) a client may use; 0: none.",
            0,
            65'535,
            "aliases"
        ),
    };
}

std::vector<Key> session_keys() {
    return {
        duration(
            MODAX_KEY(mqtt.max_session_expiry),
            "How long the session of a client that is away is kept at most.",
            milliseconds{0},
            std::chrono::days{365}
        ),
        number(
            MODAX_KEY(mqtt.max_queued_messages),
            "How many messages wait for one client that is away or slow; the oldest is dropped "
            "and counted.",
            1,
            1'000'000,
            "messages"
        ),
        size(
            MODAX_KEY(mqtt.max_queued_bytes),
            "How much waits for one client that is away or slow.",
            k_kibibyte,
            1024 * k_mebibyte
        ),
        number(
            MODAX_KEY(mqtt.max_retained_messages),
            "How many retained messages are kept.",
            0,
            1'000'000,
            "messages"
        ),
        size(
            MODAX_KEY(mqtt.max_retained_bytes),
            "How large the retained messages may be together.",
            0,
            4096 * k_mebibyte
        ),
    };
}

}  // namespace

Section mqtt_section() {
    Section section{
        "mqtt",
        "The gateway's own MQTT listener (3.1.1 and 5). The limits hold for [mqtts] as well.",
        access_keys()};
    append(section.keys, packet_keys());
    append(section.keys, session_keys());
    return section;
}

Section mqtts_section() {
    return {
        "mqtts",
        "MQTT with TLS; needs tls.certificate_file and tls.key_file.",
        {
            flag(MODAX_KEY(mqtts.enabled), "Whether to listen for MQTT with TLS."),
            address(MODAX_KEY(mqtts.bind), "The address to listen on."),
            port(MODAX_KEY(mqtts.port), "The port to listen on."),
            flag(
                MODAX_KEY(mqtts.ws_enabled),
                "Whether to listen for MQTT over WebSocket with TLS as well."
            ),
            port(MODAX_KEY(mqtts.ws_port), "The port for MQTT over WebSocket with TLS."),
            flag(
                MODAX_KEY(mqtts.certificate_identity),
                "Whether a client that sends no user name is the user whom its certificate's "
                "common name names."
            ),
        }};
}

}  // namespace modax::config
