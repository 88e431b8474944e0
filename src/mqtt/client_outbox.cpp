#include "mqtt/client_outbox.hpp"

#include <algorithm>
#include <utility>

namespace modax::mqtt {
namespace {

Status outcome_of(const AckPacket& packet, const std::string& topic) {
    if (static_cast<std::uint8_t>(packet.reason) < 0x80) return {};
    const auto refused = [&topic](Errc code, std::string_view why) {
        return fail(
            code, "the MQTT broker refused a message on '" + topic + "': " + std::string{why}
        );
    };
    switch (packet.reason) {
        case ReasonCode::not_authorized:
            return refused(Errc::permission_denied, "this user may not publish there");
        case ReasonCode::quota_exceeded:
            return refused(Errc::resource_exhausted, "a quota is used up");
        case ReasonCode::topic_name_invalid:
            return refused(Errc::invalid_argument, "it does not accept the topic");
        case ReasonCode::payload_format_invalid:
            return refused(Errc::invalid_argument, "it does not accept the payload");
        default:
            return refused(
                Errc::invalid_argument,
                "MQTT reason code " + std::to_string(static_cast<int>(packet.reason))
            );
    }
}

PublishPacket packet_of(const Publication& publication) {
    PublishPacket packet;
    packet.topic = publication.topic;
    packet.payload = publication.payload;
    packet.qos = publication.qos;
    packet.retain = publication.retain;
    return packet;
}

}  // namespace

ClientOutbox::ClientOutbox(
    std::uint16_t max_inflight, std::size_t max_queued, ProtocolVersion version
)
    : max_inflight_{max_inflight}, max_queued_{max_queued}, version_{version} {}

Status ClientOutbox::add(Publication publication, Done done) {
    if (queue_.size() >= max_queued_) {
        return fail(
            Errc::resource_exhausted,
            "cannot publish on '" + publication.topic + "': " + std::to_string(queue_.size()) +
                " messages wait already; wait for acknowledgements"
        );
    }
    queue_.push_back({std::move(publication), std::move(done)});
    return {};
}

void ClientOutbox::connected(const ServerLimits& limits, bool session_present) {
    limits_ = limits;
    connected_ = true;
    sent_ = 0;
    again_.clear();
    std::vector<std::uint16_t> taken_over;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        if (!entry.used) continue;
        const auto packet_id = static_cast<std::uint16_t>(i + 1);
        entry.repeated = session_present && (entry.repeated || entry.sent);
        entry.sent = false;
        if (entry.released && !session_present) {
            taken_over.push_back(packet_id);
        } else {
            again_.push_back(packet_id);
        }
    }
    std::sort(again_.begin(), again_.end(), [this](std::uint16_t left, std::uint16_t right) {
        return entries_[left - 1U].order < entries_[right - 1U].order;
    });
    // The server had confirmed these, and has nothing to be released any more.
    for (const std::uint16_t packet_id : taken_over) complete(packet_id, {});
}

void ClientOutbox::disconnected() {
    connected_ = false;
    const Status lost = fail(
        Errc::unavailable, "the connection to the MQTT broker broke before the message was sent"
    );
    finish(writing_, lost);
    finish(written_, lost);
}

void ClientOutbox::pump(std::string& out) {
    while (connected_ && send_next(out)) {
    }
}

bool ClientOutbox::has_room(std::uint8_t qos) const {
    // A 3.1.1 server can't tell its limit; Mosquitto drops clients with more than this under way.
    constexpr std::uint16_t k_qos_2_in_3_1_1 = 20;
    auto window = std::min(max_inflight_, limits_.receive_maximum);
    if (qos == 2 && version_ == ProtocolVersion::v3_1_1) {
        window = std::min(window, k_qos_2_in_3_1_1);
    }
    return sent_ < window;
}

bool ClientOutbox::send_next(std::string& out) {
    if (!again_.empty()) {
        const std::uint16_t packet_id = again_.front();
        if (!has_room(entries_[packet_id - 1U].publication.qos)) return false;
        again_.pop_front();
        send(packet_id, out);
        return true;
    }
    if (queue_.empty()) return false;
    const std::uint8_t qos = queue_.front().publication.qos;
    if (qos > 0 && (!has_room(qos) || in_use_ >= max_inflight_)) return false;
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    send_new(std::move(next), out);
    return true;
}

void ClientOutbox::send_new(Queued queued, std::string& out) {
    if (auto possible = check(queued.publication); !possible) {
        if (queued.done) queued.done(possible);
        return;
    }
    if (queued.publication.qos == 0) {
        encode(out, packet_of(queued.publication), version_);
        written_.push_back(std::move(queued.done));
        return;
    }
    const std::uint16_t packet_id = take_id();
    Entry& entry = entries_[packet_id - 1U];
    entry = Entry{
        .publication = std::move(queued.publication),
        .done = std::move(queued.done),
        .order = next_order_++,
        .used = true};
    ++in_use_;
    send(packet_id, out);
}

void ClientOutbox::send(std::uint16_t packet_id, std::string& out) {
    Entry& entry = entries_[packet_id - 1U];
    entry.sent = true;
    ++sent_;
    if (entry.released) {
        encode_ack(out, PacketType::pubrel, packet_id, ReasonCode::success, version_);
        return;
    }
    PublishPacket packet = packet_of(entry.publication);
    packet.packet_id = packet_id;
    packet.duplicate = entry.repeated;
    encode(out, packet, version_);
}

Status ClientOutbox::check(const Publication& publication) const {
    OutgoingPublish packet;
    packet.topic = publication.topic;
    packet.payload = publication.payload;
    packet.qos = publication.qos;
    if (encoded_size(packet, version_) > limits_.maximum_packet_size) {
        return fail(
            Errc::invalid_argument,
            "cannot publish " + std::to_string(publication.payload.size()) + " bytes on '" +
                publication.topic + "': the MQTT broker takes packets of up to " +
                std::to_string(limits_.maximum_packet_size) + " bytes"
        );
    }
    if (publication.qos > limits_.maximum_qos) {
        return fail(
            Errc::invalid_argument,
            "cannot publish with QoS " + std::to_string(publication.qos) +
                ": the MQTT broker takes QoS " + std::to_string(limits_.maximum_qos) + " at most"
        );
    }
    return {};
}

std::uint16_t ClientOutbox::take_id() {
    if (free_ids_.empty()) {
        entries_.emplace_back();
        return static_cast<std::uint16_t>(entries_.size());
    }
    // The one that is free for the longest time.
    const std::uint16_t packet_id = free_ids_.front();
    free_ids_.pop_front();
    return packet_id;
}

void ClientOutbox::on_ack(const AckPacket& packet, std::string& out) {
    const bool known = packet.packet_id >= 1 && packet.packet_id <= entries_.size() &&
                       entries_[packet.packet_id - 1U].sent;
    if (!known) {
        // Lets the server forget a message that we don't know (section 4.13).
        if (packet.type == PacketType::pubrec && static_cast<std::uint8_t>(packet.reason) < 0x80) {
            encode_ack(
                out,
                PacketType::pubrel,
                packet.packet_id,
                ReasonCode::packet_identifier_not_found,
                version_
            );
        }
        return;
    }
    Entry& entry = entries_[packet.packet_id - 1U];
    if (packet.type == PacketType::pubrec && entry.publication.qos == 2) {
        if (auto outcome = outcome_of(packet, entry.publication.topic); !outcome) {
            complete(packet.packet_id, outcome);
            return;
        }
        entry.released = true;
        encode_ack(out, PacketType::pubrel, packet.packet_id, ReasonCode::success, version_);
    } else if (packet.type == PacketType::puback && entry.publication.qos == 1) {
        complete(packet.packet_id, outcome_of(packet, entry.publication.topic));
    } else if (packet.type == PacketType::pubcomp && entry.released) {
        complete(packet.packet_id, {});
    }
}

void ClientOutbox::complete(std::uint16_t packet_id, const Status& outcome) {
    Entry& entry = entries_[packet_id - 1U];
    if (entry.sent) --sent_;
    --in_use_;
    const Done done = std::move(entry.done);
    entry = Entry{};
    free_ids_.push_back(packet_id);
    if (done) done(outcome);
}

void ClientOutbox::on_write_begin() {
    writing_.swap(written_);
}

void ClientOutbox::on_written() {
    finish(writing_, {});
}

void ClientOutbox::finish(std::deque<Done>& dones, const Status& outcome) {
    // A callback may publish again.
    const auto finished = std::exchange(dones, {});
    for (const Done& done : finished) {
        if (done) done(outcome);
    }
}

}  // namespace modax::mqtt
