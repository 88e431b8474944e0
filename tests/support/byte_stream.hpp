// A connection of a test client to a server on loopback: blocking calls with a bounded wait.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace modax::test {

class ByteStream {
public:
    virtual ~ByteStream() = default;
    // Throws when the other side does not take the bytes.
    virtual void write(std::string_view bytes) = 0;
    // What is there: nullopt when nothing came within a few milliseconds, empty at the end of the
    // stream (also when the other side reset it).
    virtual std::optional<std::string> read() = 0;
};

class TcpStream final : public ByteStream {
public:
    // `receive_buffer`: bytes; 0: what the system gives.
    explicit TcpStream(std::uint16_t port, int receive_buffer = 0)
        : descriptor_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        if (descriptor_ < 0) throw std::runtime_error{"no socket"};
        if (receive_buffer > 0) {
            setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        const int yes = 1;
        setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            ::close(descriptor_);
            throw std::runtime_error{"cannot connect to port " + std::to_string(port)};
        }
    }
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;
    ~TcpStream() override { ::close(descriptor_); }

    int descriptor() const { return descriptor_; }

    void write(std::string_view bytes) override {
        while (!bytes.empty()) {
            if (!ready(POLLOUT, k_longest_write)) throw std::runtime_error{"nobody reads"};
            const auto sent =
                ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            // The server may have closed already; what it said can still be read.
            if (sent < 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    std::optional<std::string> read() override {
        if (!ready(POLLIN, k_read_wait)) return std::nullopt;
        std::string bytes(64 * 1024, '\0');
        const auto count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }

private:
    static constexpr int k_longest_write = 20'000;  // milliseconds
    static constexpr int k_read_wait = 2;           // milliseconds

    bool ready(short what, int milliseconds) const {
        pollfd waiting{descriptor_, what, 0};
        return ::poll(&waiting, 1, milliseconds) > 0;
    }

    int descriptor_;
};

}  // namespace modax::test
