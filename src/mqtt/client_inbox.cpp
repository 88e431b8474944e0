#include "mqtt/client_inbox.hpp"

#include <algorithm>

namespace modax::mqtt {

void ClientInbox::connected(bool session_present) {
    // The server delivers again what it has no acknowledgement of.
    waiting_.clear();
    if (!session_present) taken_over_.clear();
}

bool ClientInbox::on_publish(const PublishPacket& packet, std::string& out) {
    if (packet.qos == 0) return true;
    if (packet.qos == 2 && taken_over_.contains(packet.packet_id)) {
        encode_ack(out, PacketType::pubrec, packet.packet_id, ReasonCode::success, version_);
        return false;
    }
    waiting_.push_back({packet.packet_id, packet.qos});
    return true;
}

void ClientInbox::on_pubrel(std::uint16_t packet_id, std::string& out) {
    const bool known = taken_over_.erase(packet_id) > 0;
    const ReasonCode reason = known ? ReasonCode::success : ReasonCode::packet_identifier_not_found;
    encode_ack(out, PacketType::pubcomp, packet_id, reason, version_);
}

void ClientInbox::acknowledge(std::uint16_t packet_id, std::string& out) {
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [packet_id](const auto& each) {
            return each.packet_id == packet_id && !each.acknowledged;
        });
    if (found == waiting_.end()) return;
    found->acknowledged = true;
    while (!waiting_.empty() && waiting_.front().acknowledged) {
        const Waiting& first = waiting_.front();
        if (first.qos == 2) taken_over_.insert(first.packet_id);
        encode_ack(
            out,
            first.qos == 2 ? PacketType::pubrec : PacketType::puback,
            first.packet_id,
            ReasonCode::success,
            version_
        );
        waiting_.pop_front();
    }
}

}  // namespace modax::mqtt
