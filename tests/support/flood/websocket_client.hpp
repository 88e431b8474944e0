// One WebSocket client (RFC 6455) that counts what it gets. Owned by modax_ws_drain.
#pragma once

#include "support/flood/poller.hpp"
#include "support/flood/stream.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::flood {

struct WebSocketPeer {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    Address address;
    SSL_CTX* tls = nullptr;
    std::string path = "/ws";
    std::string key;  // X-API-Key; empty: none
};

class WebSocketClient {
public:
    using TextHandler = std::function<void(std::string_view)>;

    WebSocketClient(const WebSocketPeer& peer, Poller& poller, std::uint64_t token);

    // Reads what is there; hands over each text frame. False: the connection has ended.
    bool on_event(const TextHandler& handler);
    // The server has answered 101.
    bool is_open() const { return open_; }
    bool has_ended() const { return ended_; }
    int descriptor() const { return stream_.descriptor(); }
    // Of the server's close frame; 0: there was none.
    std::uint16_t close_code() const { return close_code_; }
    const std::string& reason() const { return reason_; }
    std::uint64_t frames() const { return frames_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    bool end(std::string reason);
    bool send_pending();
    bool take_answer();
    bool take_frames(const TextHandler& handler);
    void answer_ping(std::string_view payload);

    Poller& poller_;
    std::uint64_t token_;
    Stream stream_;
    std::string output_;
    std::vector<char> input_;
    std::size_t filled_ = 0;
    bool established_ = false;
    bool wants_output_ = true;
    bool open_ = false;
    bool ended_ = false;
    std::uint16_t close_code_ = 0;
    std::string reason_;
    std::uint64_t frames_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace modax::flood
