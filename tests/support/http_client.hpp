// A small HTTP/1.1 and WebSocket client over a blocking socket, for tests that look at the bytes.
// Every wait ends after ten seconds.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace modax::test {

struct HttpAnswer {
    int status = 0;
    std::string head;  // with the status line, without the empty line
    std::string body;  // without chunk framing
    bool chunked = false;
    std::string trailers;  // with their CRLF

    // The value of a field; empty when it is not there.
    std::string field(std::string_view name) const {
        const auto start = head.find("\r\n" + std::string{name} + ": ");
        if (start == std::string::npos) return {};
        const auto value = start + 2 + name.size() + 2;
        return head.substr(value, head.find("\r\n", value) - value);
    }
};

class HttpClient {
public:
    explicit HttpClient(std::uint16_t port, int receive_buffer = 0) {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (receive_buffer > 0) {
            setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(socket_);
            throw std::runtime_error{"connect"};
        }
    }
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient() { ::close(socket_); }

    void send(std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;  // closed by the server; the answer tells
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    HttpAnswer request(std::string_view text, bool is_head = false) {
        send(text);
        return read_answer(is_head);
    }
    // `fields` with CRLF each.
    HttpAnswer get(std::string_view target, std::string_view fields = {}) {
        return request(
            "GET " + std::string{target} + " HTTP/1.1\r\nHost: test\r\n" + std::string{fields} +
            "\r\n"
        );
    }
    HttpAnswer read_answer(bool is_head = false) {
        HttpAnswer answer;
        answer.head = take_through("\r\n\r\n");
        answer.head.resize(answer.head.size() - 2);
        answer.status = std::stoi(answer.head.substr(9, 3));
        if (is_head || answer.status == 204 || answer.status == 304 || answer.status < 200) {
            return answer;
        }
        if (answer.field("Transfer-Encoding") == "chunked") {
            answer.chunked = true;
            while (true) {
                const auto size = std::stoul(take_through("\r\n"), nullptr, 16);
                answer.body += take(size);
                std::string line = take_through("\r\n");
                for (; size == 0 && line != "\r\n"; line = take_through("\r\n")) {
                    answer.trailers += line;
                }
                if (size == 0) return answer;
            }
        }
        if (const auto length = answer.field("Content-Length"); !length.empty()) {
            answer.body = take(std::stoul(length));
        } else {
            while (fill()) {
            }
            answer.body = std::exchange(input_, {});
        }
        return answer;
    }
    // The server has ended the connection; what was still there is dropped.
    bool ended() {
        while (fill()) input_.clear();
        return true;
    }
    std::string take(std::size_t size) {
        while (input_.size() < size) require();
        std::string taken = input_.substr(0, size);
        input_.erase(0, size);
        return taken;
    }
    // What is there, at least one byte.
    std::string take_some() {
        if (input_.empty()) require();
        return std::exchange(input_, {});
    }
    std::string take_through(std::string_view end) {
        std::size_t at = 0;
        while ((at = input_.find(end)) == std::string::npos) require();
        return take(at + end.size());
    }
    bool has_input(int timeout_ms) {
        if (!input_.empty()) return true;
        pollfd wait{socket_, POLLIN, 0};
        return poll(&wait, 1, timeout_ms) > 0;
    }

private:
    void require() {
        if (!fill()) throw std::runtime_error{"the server ended the connection"};
    }
    // False when the server has ended the connection.
    bool fill() {
        pollfd wait{socket_, POLLIN, 0};
        if (poll(&wait, 1, 10'000) <= 0) throw std::runtime_error{"nothing came in time"};
        char buffer[65536];
        const auto got = recv(socket_, buffer, sizeof buffer, 0);
        if (got <= 0) return false;
        input_.append(buffer, static_cast<std::size_t>(got));
        return true;
    }

    int socket_ = -1;
    std::string input_;
};

struct WebSocketMessage {
    unsigned opcode = 0;
    std::string payload;
    unsigned close_code() const {
        if (opcode != 8 || payload.size() < 2) return 0;
        return (static_cast<unsigned char>(payload[0]) << 8U) |
               static_cast<unsigned char>(payload[1]);
    }
};

class WebSocketClient {
public:
    WebSocketClient(
        std::uint16_t port,
        std::string_view target,
        std::string_view fields = {},
        int receive_buffer = 0
    )
        : http_{port, receive_buffer} {
        http_.send(
            "GET " + std::string{target} +
            " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
            std::string{fields} + "\r\n"
        );
        answer_ = http_.read_answer();
    }
    const HttpAnswer& answer() const { return answer_; }
    HttpClient& http() { return http_; }

    // The next frame, also a control frame.
    WebSocketMessage read() {
        const auto head = http_.take(2);
        WebSocketMessage message;
        message.opcode = static_cast<unsigned char>(head[0]) & 0x0FU;
        std::size_t size = static_cast<unsigned char>(head[1]) & 0x7FU;
        if (size >= 126) {
            const auto bytes = http_.take(size == 126 ? 2 : 8);
            size = 0;
            for (const char byte : bytes) size = (size << 8U) | static_cast<unsigned char>(byte);
        }
        message.payload = http_.take(size);
        return message;
    }
    std::string read_text() { return read().payload; }
    // The code of the close frame, whatever comes before it.
    unsigned read_close() {
        while (true) {
            const auto message = read();
            if (message.opcode == 8) return message.close_code();
        }
    }
    void send(unsigned opcode, std::string_view payload, bool final = true) {
        std::string frame(1, static_cast<char>((final ? 0x80U : 0U) | opcode));
        constexpr unsigned k_masked = 0x80;
        if (payload.size() < 126) {
            frame += static_cast<char>(k_masked | payload.size());
        } else if (payload.size() <= 0xFFFF) {
            frame += static_cast<char>(k_masked | 126U);
            frame += static_cast<char>(payload.size() >> 8U);
            frame += static_cast<char>(payload.size() & 0xFFU);
        } else {
            frame += static_cast<char>(k_masked | 127U);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame +=
                    static_cast<char>((payload.size() >> static_cast<unsigned>(shift)) & 0xFFU);
            }
        }
        const std::string_view mask{"\x11\x22\x33\x44"};
        frame += mask;
        for (std::size_t i = 0; i < payload.size(); ++i) {
            frame += static_cast<char>(payload[i] ^ mask[i % 4]);
        }
        http_.send(frame);
    }

private:
    HttpClient http_;
    HttpAnswer answer_;
};

}  // namespace modax::test
