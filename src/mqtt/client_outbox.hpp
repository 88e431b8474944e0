// What a client publishes: the queue, the window of publications under way, and their packet
// identifiers (MQTT 5, sections 4.3, 4.4 and 4.9). No I/O: appends packets to a buffer. Owned by
// Client; one thread.
#pragma once

#include "core/result.hpp"
#include "mqtt/client.hpp"
#include "mqtt/codec/packets.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace modax::mqtt {

// What the server allows on a connection.
struct ServerLimits {
    std::uint16_t receive_maximum = 65'535;
    std::uint8_t maximum_qos = 2;
    std::size_t maximum_packet_size = 268'435'460;  // bytes
};

class ClientOutbox {
public:
    using Done = std::function<void(const Status&)>;

    ClientOutbox(std::uint16_t max_inflight, std::size_t max_queued, ProtocolVersion version);

    // Errors: resource_exhausted.
    Status add(Publication publication, Done done);
    // Queued, under way, or QoS 0 and not yet with the operating system.
    std::size_t size() const { return queue_.size() + in_use_ + written_.size() + writing_.size(); }

    // A connection is there: what was under way is sent again; as new when the session is lost.
    void connected(const ServerLimits& limits, bool session_present);
    void disconnected();
    // Appends what the window allows.
    void pump(std::string& out);
    // PUBACK, PUBREC, PUBCOMP.
    void on_ack(const AckPacket& packet, std::string& out);

    // QoS 0 is done when it was written.
    void on_write_begin();
    void on_written();

private:
    struct Entry {
        Publication publication;
        Done done;
        std::uint64_t order = 0;
        bool used = false;
        bool sent = false;      // on this connection
        bool repeated = false;  // sent on an earlier connection of the session
        bool released = false;  // PUBREC came
    };
    struct Queued {
        Publication publication;
        Done done;
    };

    bool has_room(std::uint8_t qos) const;
    bool send_next(std::string& out);
    void send(std::uint16_t packet_id, std::string& out);
    void send_new(Queued queued, std::string& out);
    Status check(const Publication& publication) const;
    std::uint16_t take_id();
    void complete(std::uint16_t packet_id, const Status& outcome);
    static void finish(std::deque<Done>& dones, const Status& outcome);

    const std::uint16_t max_inflight_;
    const std::size_t max_queued_;
    const ProtocolVersion version_;
    ServerLimits limits_;
    bool connected_ = false;
    std::deque<Queued> queue_;
    std::vector<Entry> entries_;  // by packet identifier - 1
    std::deque<std::uint16_t> free_ids_;
    std::deque<std::uint16_t> again_;  // under way on an earlier connection, in order
    std::size_t in_use_ = 0;
    std::size_t sent_ = 0;  // on this connection, without an outcome
    std::uint64_t next_order_ = 0;
    std::deque<Done> written_;  // QoS 0 in the buffer
    std::deque<Done> writing_;  // QoS 0 in the write under way
};

}  // namespace modax::mqtt
