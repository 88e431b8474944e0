// One connection's bytes, plain or TLS, for whoever speaks a protocol over it. Internal; used on
// the connection's I/O thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace modax::http {

// Called on the I/O thread, never from inside the call that asked.
class TransportUser {
public:
    virtual ~TransportUser() = default;
    virtual void on_ready() = 0;                  // after handshake()
    virtual void on_read(std::size_t bytes) = 0;  // 1 or more
    virtual void on_written() = 0;
    virtual void on_failed() = 0;  // any of them failed, or the peer has ended
};

enum class Written : std::uint8_t { now, later, failed };

class Transport {
public:
    virtual ~Transport() = default;
    // The user is kept alive until it is called back. One read and one write at a time.
    virtual void handshake(std::shared_ptr<TransportUser> user) = 0;
    virtual void read(std::span<char> into, std::shared_ptr<TransportUser> user) = 0;
    // Writes all parts, which must stay until then. `now`: done, on_written() is not called.
    virtual Written write(
        std::span<const std::string_view> parts, std::shared_ptr<TransportUser> user
    ) = 0;
    // Tells the peer that nothing follows.
    virtual void finish(std::shared_ptr<TransportUser> user) = 0;
    // Ends what is under way, with on_failed(). Harmless when closed.
    virtual void close() = 0;

    virtual bool tls() const = 0;
    virtual bool loopback() const = 0;
    // Of the peer, as text without a port.
    virtual const std::string& address() const = 0;
};

}  // namespace modax::http
