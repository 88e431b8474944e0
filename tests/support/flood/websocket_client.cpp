#include "support/flood/websocket_client.hpp"

#include <algorithm>

namespace modax::flood {

namespace {

constexpr std::size_t k_input_size = std::size_t{64} * 1024;
constexpr unsigned k_text = 1;
constexpr unsigned k_close = 8;
constexpr unsigned k_ping = 9;
constexpr unsigned k_pong = 10;
constexpr unsigned k_final = 0x80;
constexpr unsigned k_masked = 0x80;

std::uint64_t read_number(std::string_view bytes, std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t index = 0; index < width; ++index) {
        value = value << 8 | static_cast<unsigned char>(bytes[at + index]);
    }
    return value;
}

}  // namespace

WebSocketClient::WebSocketClient(const WebSocketPeer& peer, Poller& poller, std::uint64_t token)
    : poller_{poller},
      token_{token},
      stream_{peer.address, peer.tls, peer.host},
      input_(k_input_size) {
    // The key of the RFC's example: any 16 bytes will do.
    output_ = "GET " + peer.path + " HTTP/1.1\r\nHost: " + peer.host + ":" +
              std::to_string(peer.port) +
              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    if (!peer.key.empty()) output_ += "X-API-Key: " + peer.key + "\r\n";
    output_ += "\r\n";
    poller_.add(stream_.descriptor(), token_);
}

bool WebSocketClient::end(std::string reason) {
    ended_ = true;
    reason_ = std::move(reason);
    return false;
}

bool WebSocketClient::send_pending() {
    while (!output_.empty()) {
        const auto moved = stream_.write(output_);
        if (moved < 0) return end("the server closed the connection while it was written to");
        if (moved == 0) break;
        output_.erase(0, static_cast<std::size_t>(moved));
    }
    if (wants_output_ != !output_.empty()) {
        wants_output_ = !output_.empty();
        poller_.want_output(stream_.descriptor(), token_, wants_output_);
    }
    return true;
}

bool WebSocketClient::take_answer() {
    const std::string_view bytes{input_.data(), filled_};
    const auto head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return true;
    if (!bytes.starts_with("HTTP/1.1 101")) {
        return end("the server answered " + std::string{bytes.substr(0, bytes.find('\r'))});
    }
    open_ = true;
    const auto rest = bytes.substr(head_end + 4);
    std::copy(rest.begin(), rest.end(), input_.begin());
    filled_ = rest.size();
    return true;
}

void WebSocketClient::answer_ping(std::string_view payload) {
    output_.push_back(static_cast<char>(k_final | k_pong));
    output_.push_back(static_cast<char>(k_masked | payload.size()));
    output_.append(4, '\0');  // a mask of zeros leaves the payload as it is
    output_.append(payload);
}

bool WebSocketClient::take_frames(const TextHandler& handler) {
    std::string_view rest{input_.data(), filled_};
    while (rest.size() >= 2) {
        const auto first = static_cast<unsigned char>(rest[0]);
        std::uint64_t length = static_cast<unsigned char>(rest[1]);
        std::size_t head = 2;
        if (length == 126 || length == 127) {
            const std::size_t width = length == 126 ? 2 : 8;
            if (rest.size() < head + width) break;
            length = read_number(rest, head, width);
            head += width;
        }
        if (rest.size() < head + length) break;
        const auto payload = rest.substr(head, length);
        switch (first & 0x0f) {
            case k_text:
                ++frames_;
                bytes_ += head + length;
                handler(payload);
                break;
            case k_ping:
                answer_ping(payload);
                break;
            case k_close:
                if (length >= 2)
                    close_code_ = static_cast<std::uint16_t>(read_number(payload, 0, 2));
                return end("the server sent close");
            default:
                break;
        }
        rest.remove_prefix(head + length);
    }
    std::copy(rest.begin(), rest.end(), input_.begin());
    filled_ = rest.size();
    return true;
}

bool WebSocketClient::on_event(const TextHandler& handler) {
    if (ended_) return false;
    if (!established_) {
        const auto step = stream_.establish();
        if (step == Stream::Step::closed) return end("the connection could not be made");
        established_ = step == Stream::Step::established;
        if (!established_) return true;
    }
    if (!send_pending()) return false;
    do {
        if (filled_ == input_.size()) input_.resize(input_.size() * 2);
        const auto moved = stream_.read({input_.data() + filled_, input_.size() - filled_});
        if (moved < 0) return end("the server closed the connection");
        if (moved == 0) break;
        filled_ += static_cast<std::size_t>(moved);
        if (!open_ && !take_answer()) return false;
        if (open_ && !take_frames(handler)) return false;
    } while (stream_.has_buffered_input());
    return send_pending();
}

}  // namespace modax::flood
