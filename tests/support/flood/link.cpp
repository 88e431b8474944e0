#include "support/flood/link.hpp"

#include <algorithm>
#include <stdexcept>

namespace modax::flood {

namespace {

constexpr std::size_t k_input_size = std::size_t{64} * 1024;
constexpr std::size_t k_compact_above = std::size_t{256} * 1024;

}  // namespace

Link::Link(const Peer& peer, Poller& poller, std::uint64_t token, ConnectFields fields)
    : poller_{poller},
      token_{token},
      version_{peer.version},
      stream_{peer.address, peer.tls, peer.host},
      input_(k_input_size) {
    fields.version = peer.version;
    fields.user = peer.user;
    fields.password = peer.password;
    output_ = connect_packet(fields);
    poller_.add(stream_.descriptor(), token_);
}

bool Link::lose(std::string reason) {
    lost_ = true;
    reason_ = std::move(reason);
    return false;
}

void Link::want_output(bool wanted) {
    if (wanted == wants_output_) return;
    wants_output_ = wanted;
    poller_.want_output(stream_.descriptor(), token_, wanted);
}

bool Link::establish() {
    switch (stream_.establish()) {
        case Stream::Step::established:
            established_ = true;
            return true;
        case Stream::Step::wants_read:
            want_output(false);
            return true;
        case Stream::Step::wants_write:
            want_output(true);
            return true;
        case Stream::Step::closed:
            break;
    }
    return lose("the connection could not be made (TCP or TLS handshake refused)");
}

bool Link::flush() {
    while (sent_ < output_.size()) {
        const auto moved = stream_.write(std::string_view{output_}.substr(sent_));
        if (moved < 0) return lose("the peer closed the connection while it was written to");
        if (moved == 0) break;
        sent_ += static_cast<std::size_t>(moved);
    }
    if (sent_ == output_.size()) {
        output_.clear();
        sent_ = 0;
    } else if (sent_ > k_compact_above) {
        output_.erase(0, sent_);
        sent_ = 0;
    }
    want_output(stay_writable_ || !output_.empty());
    return true;
}

bool Link::accept(const Packet& packet, const PacketHandler& handler) {
    if (!is_open()) {
        if (packet.type != PacketType::connack) {
            return lose("the first packet of the broker is no CONNACK");
        }
        const auto connack = read_connack(packet.body, version_);
        if (connack.reason != 0) {
            return lose("CONNACK refuses with reason " + std::to_string(connack.reason));
        }
        connack_ = connack;
        return true;
    }
    if (packet.type == PacketType::disconnect) {
        const int reason = packet.body.empty() ? 0 : static_cast<std::uint8_t>(packet.body[0]);
        return lose("the broker sent DISCONNECT with reason " + std::to_string(reason));
    }
    handler(packet);
    return true;
}

bool Link::receive(const PacketHandler& handler) {
    do {
        if (filled_ == input_.size()) input_.resize(input_.size() * 2);
        const auto moved = stream_.read({input_.data() + filled_, input_.size() - filled_});
        if (moved < 0) return lose("the peer closed the connection");
        if (moved == 0) return true;
        filled_ += static_cast<std::size_t>(moved);
        std::string_view rest{input_.data(), filled_};
        while (const auto packet = take_packet(rest)) {
            if (!accept(*packet, handler)) return false;
        }
        std::copy(rest.begin(), rest.end(), input_.begin());
        filled_ = rest.size();
    } while (stream_.has_buffered_input());
    return true;
}

bool Link::on_event(const PacketHandler& handler) {
    if (lost_) return false;
    if (!established_) {
        if (!establish()) return false;
        if (!established_) return true;
    }
    try {
        if (!receive(handler)) return false;
    } catch (const std::runtime_error& error) {
        return lose(error.what());
    }
    return flush();
}

}  // namespace modax::flood
