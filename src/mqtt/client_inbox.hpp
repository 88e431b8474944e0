// What a client receives: which messages wait for their acknowledgement, in order of arrival, and
// which QoS 2 packet identifiers are taken over (MQTT 5, section 4.3.3). No I/O. Owned by Client;
// one thread.
#pragma once

#include "mqtt/codec/packets.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>

namespace modax::mqtt {

class ClientInbox {
public:
    explicit ClientInbox(ProtocolVersion version) : version_{version} {}

    void connected(bool session_present);
    // True: give the message out. False: it is a QoS 2 message that we have; answered again.
    bool on_publish(const PublishPacket& packet, std::string& out);
    void on_pubrel(std::uint16_t packet_id, std::string& out);
    // Answers up to the first message that still waits. Unknown identifiers are ignored.
    void acknowledge(std::uint16_t packet_id, std::string& out);

private:
    struct Waiting {
        std::uint16_t packet_id = 0;
        std::uint8_t qos = 0;
        bool acknowledged = false;
    };

    const ProtocolVersion version_;
    std::deque<Waiting> waiting_;
    std::unordered_set<std::uint16_t> taken_over_;  // PUBREC sent, PUBREL not yet here
};

}  // namespace modax::mqtt
