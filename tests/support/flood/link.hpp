// One MQTT client connection of the flood: handshake, buffers, whole packets in and out. Owned by
// the publisher or subscriber that drives it from its poll loop.
#pragma once

#include "support/flood/mqtt_packets.hpp"
#include "support/flood/poller.hpp"
#include "support/flood/stream.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace modax::flood {

// Where the broker is and how it is talked to.
struct Peer {
    std::string host = "127.0.0.1";
    Address address;
    SSL_CTX* tls = nullptr;
    std::uint8_t version = 4;
    std::string user;
    std::string password;
};

class Link {
public:
    using PacketHandler = std::function<void(const Packet&)>;

    Link(const Peer& peer, Poller& poller, std::uint64_t token, ConnectFields fields);

    // CONNACK with success has arrived.
    bool is_open() const { return connack_.has_value(); }
    bool is_lost() const { return lost_; }
    // Why it is lost; for people.
    const std::string& reason() const { return reason_; }
    const Connack& connack() const { return *connack_; }
    // Moves bytes both ways after an event; hands over every packet behind CONNACK. False: lost.
    bool on_event(const PacketHandler& handler);
    // What is to be sent; flush() sends as much of it as the socket takes. False: lost.
    std::string& output() { return output_; }
    std::size_t unsent() const { return output_.size() - sent_; }
    bool flush();
    // Keeps telling on_event() that the socket is writable, even with nothing to send.
    void stay_writable(bool wanted) { stay_writable_ = wanted; }

private:
    bool lose(std::string reason);
    bool establish();
    bool receive(const PacketHandler& handler);
    bool accept(const Packet& packet, const PacketHandler& handler);
    void want_output(bool wanted);

    Poller& poller_;
    std::uint64_t token_;
    std::uint8_t version_;
    Stream stream_;
    bool established_ = false;
    bool wants_output_ = true;
    bool stay_writable_ = false;
    bool lost_ = false;
    std::string reason_;
    std::optional<Connack> connack_;
    std::string output_;
    std::size_t sent_ = 0;
    std::vector<char> input_;
    std::size_t filled_ = 0;
};

}  // namespace modax::flood
