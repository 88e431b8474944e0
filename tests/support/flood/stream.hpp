// A non-blocking TCP connection to one peer, plain or TLS. Owned by one connection object, used on
// one thread. Independent of src/mqtt and src/http, because it tests them.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace modax::flood {

struct TlsContextDelete {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct TlsSessionDelete {
    void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextDelete>;

// Files are PEM; empty: none. Throws std::runtime_error with OpenSSL's reason.
TlsContext make_tls_context(
    const std::string& ca_file, const std::string& certificate_file, const std::string& key_file
);

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
};
// Throws std::runtime_error when the name has no address.
Address resolve(const std::string& host, std::uint16_t port);

class Stream {
public:
    enum class Step : std::uint8_t { established, wants_read, wants_write, closed };

    // `tls` may be nullptr (plain) and must outlive the stream.
    Stream(const Address& address, SSL_CTX* tls, const std::string& host);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    int descriptor() const { return descriptor_; }
    // Drives the TCP and TLS handshakes; call again when the socket is readable or writable.
    Step establish();
    // Bytes moved; 0: would block now; -1: the connection is gone.
    std::ptrdiff_t read(std::span<char> into);
    std::ptrdiff_t write(std::string_view bytes);
    // TLS may hold decrypted bytes that epoll does not know about.
    bool has_buffered_input() const;

private:
    std::ptrdiff_t tls_result(int result) const;

    int descriptor_ = -1;
    bool connected_ = false;
    std::unique_ptr<SSL, TlsSessionDelete> tls_;
};

}  // namespace modax::flood
