// An MQTT client for tests of the listener: sends what a test says, right or wrong, and gives the
// packets that come. Uses the project's codec, which has its own tests. One thread.
#pragma once

#include "mqtt/codec/packets.hpp"
#include "support/byte_stream.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::test {

// A packet with the bytes it lies in.
class ReceivedPacket {
public:
    ReceivedPacket(std::string bytes, mqtt::ProtocolVersion version)
        : bytes_{std::make_shared<const std::string>(std::move(bytes))}, version_{version} {
        frame_ = value(mqtt::next_frame(*bytes_, bytes_->size())).value();
    }
    mqtt::PacketType type() const { return frame_.type; }
    std::size_t size() const { return bytes_->size(); }

    mqtt::ConnackPacket connack() const { return value(mqtt::decode_connack(frame_, version_)); }
    mqtt::PublishPacket publish() const { return value(mqtt::decode_publish(frame_, version_)); }
    mqtt::AckPacket ack() const { return value(mqtt::decode_ack(frame_, version_)); }
    mqtt::ReasonListPacket reasons() const {
        return value(mqtt::decode_reason_list(frame_, version_));
    }
    mqtt::ReasonPacket reason() const { return value(mqtt::decode_reason(frame_, version_)); }

private:
    template <class T>
    static T value(mqtt::Decoded<T> decoded) {
        if (!decoded) throw std::runtime_error{"the listener sent: " + decoded.error().detail};
        return std::move(*decoded);
    }

    std::shared_ptr<const std::string> bytes_;
    mqtt::ProtocolVersion version_;
    mqtt::Frame frame_;
};

struct PublishOptions {
    std::uint8_t qos = 0;
    std::uint16_t packet_id = 0;
    bool retain = false;
    bool duplicate = false;
    mqtt::Properties properties{};
};

class MqttClient {
public:
    // `idle` runs again and again while the client waits for something.
    MqttClient(
        std::unique_ptr<ByteStream> stream,
        mqtt::ProtocolVersion version,
        std::function<void()> idle
    )
        : stream_{std::move(stream)}, version_{version}, idle_{std::move(idle)} {}

    mqtt::ProtocolVersion version() const { return version_; }

    void send(std::string_view bytes) { stream_->write(bytes); }
    void connect(const mqtt::ConnectPacket& packet) {
        std::string bytes;
        encode(bytes, packet);
        send(bytes);
    }
    void publish(std::string_view topic, std::string_view payload, PublishOptions options = {}) {
        mqtt::PublishPacket packet;
        packet.topic = topic;
        packet.payload = payload;
        packet.packet_id = options.packet_id;
        packet.qos = options.qos;
        packet.duplicate = options.duplicate;
        packet.retain = options.retain;
        packet.properties = std::move(options.properties);
        std::string bytes;
        encode(bytes, packet, version_);
        send(bytes);
    }
    void ack(mqtt::PacketType type, std::uint16_t packet_id) {
        std::string bytes;
        encode_ack(bytes, type, packet_id, mqtt::ReasonCode::success, version_);
        send(bytes);
    }
    void disconnect(
        mqtt::ReasonCode reason = mqtt::ReasonCode::success, mqtt::Properties properties = {}
    ) {
        mqtt::ReasonPacket packet;
        packet.reason = reason;
        packet.properties = std::move(properties);
        std::string bytes;
        encode(bytes, packet, version_);
        send(bytes);
    }
    // Subscribes and gives the reason (or granted QoS). Retained messages come behind it.
    std::uint8_t subscribe(
        std::string_view filter, std::uint8_t options = 0, std::uint32_t identifier = 0
    ) {
        mqtt::SubscribePacket packet;
        packet.packet_id = ++last_packet_id_;
        packet.requests.push_back({filter, options});
        if (identifier != 0) packet.properties.subscription_identifiers = {identifier};
        std::string bytes;
        encode(bytes, packet, version_);
        send(bytes);
        return expect(mqtt::PacketType::suback).reasons().reasons.at(0);
    }
    ReceivedPacket unsubscribe(std::string_view filter) {
        mqtt::UnsubscribePacket packet;
        packet.packet_id = ++last_packet_id_;
        packet.filters = {filter};
        std::string bytes;
        encode(bytes, packet, version_);
        send(bytes);
        return expect(mqtt::PacketType::unsuback);
    }
    void ping() {
        std::string bytes;
        mqtt::encode_ping(bytes, mqtt::PacketType::pingreq);
        send(bytes);
    }

    // The next packet; throws when none comes or the connection ends.
    ReceivedPacket receive() {
        auto packet = next();
        if (!packet) throw std::runtime_error{"the listener closed the connection"};
        return std::move(*packet);
    }
    ReceivedPacket expect(mqtt::PacketType type) {
        auto packet = receive();
        if (packet.type() != type) {
            throw std::runtime_error{
                "expected packet type " + std::to_string(static_cast<int>(type)) + ", got " +
                std::to_string(static_cast<int>(packet.type()))};
        }
        return packet;
    }
    // What the listener has to say up to now: everything before the answer to a PINGREQ.
    std::vector<ReceivedPacket> pending() {
        ping();
        std::vector<ReceivedPacket> packets;
        for (;;) {
            auto packet = receive();
            if (packet.type() == mqtt::PacketType::pingresp) return packets;
            packets.push_back(std::move(packet));
        }
    }
    // What comes until the listener closes the connection; throws when it doesn't.
    std::vector<ReceivedPacket> until_closed() {
        std::vector<ReceivedPacket> packets;
        while (auto packet = next()) packets.push_back(std::move(*packet));
        return packets;
    }

private:
    static constexpr std::chrono::seconds k_patience{20};

    // nullopt: the connection has ended.
    std::optional<ReceivedPacket> next() {
        const auto until = std::chrono::steady_clock::now() + k_patience;
        for (;;) {
            const auto frame = mqtt::next_frame(input_, std::size_t{1} << 28U);
            if (!frame) throw std::runtime_error{"the listener sent what is no packet"};
            if (*frame) {
                const std::size_t size = (*frame)->size;
                ReceivedPacket packet{input_.substr(0, size), version_};
                input_.erase(0, size);
                return packet;
            }
            if (idle_) idle_();
            const auto bytes = stream_->read();
            if (bytes && bytes->empty()) return std::nullopt;
            if (bytes) input_ += *bytes;
            if (std::chrono::steady_clock::now() > until) {
                throw std::runtime_error{"the listener sent nothing in time"};
            }
        }
    }

    std::unique_ptr<ByteStream> stream_;
    mqtt::ProtocolVersion version_;
    std::function<void()> idle_;
    std::string input_;
    std::uint16_t last_packet_id_ = 1000;
};

}  // namespace modax::test
