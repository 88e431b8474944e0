#include "support/flood/stream.hpp"

#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace modax::flood {

namespace {

[[noreturn]] void throw_tls_error(const std::string& attempt) {
    std::array<char, 256> reason{};
    ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
    throw std::runtime_error(attempt + ": " + reason.data());
}

}  // namespace

TlsContext make_tls_context(
    const std::string& ca_file, const std::string& certificate_file, const std::string& key_file
) {
    TlsContext context{SSL_CTX_new(TLS_client_method())};
    if (!context) throw_tls_error("create a TLS context");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(
        context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    if (ca_file.empty()) {
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    } else {
        if (SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1) {
            throw_tls_error("load the CA file " + ca_file);
        }
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    }
    if (!certificate_file.empty() &&
        SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
        throw_tls_error("load the certificate " + certificate_file);
    }
    if (!key_file.empty() &&
        SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw_tls_error("load the key " + key_file);
    }
    return context;
}

Address resolve(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const auto failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failure != 0) throw std::runtime_error("resolve " + host + ": " + gai_strerror(failure));
    Address address;
    address.length = found->ai_addrlen;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return address;
}

Stream::Stream(const Address& address, SSL_CTX* tls, const std::string& host)
    : descriptor_{
          socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    if (descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category(), "open a socket");
    }
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tls != nullptr) {
        tls_.reset(SSL_new(tls));
        if (!tls_) throw_tls_error("create a TLS session");
        SSL_set_fd(tls_.get(), descriptor_);
        SSL_set_tlsext_host_name(tls_.get(), host.c_str());
        SSL_set_connect_state(tls_.get());
    }
    // The outcome, good or bad, shows in establish().
    (void)connect(descriptor_, reinterpret_cast<const sockaddr*>(&address.storage), address.length);
}

Stream::~Stream() {
    if (tls_) SSL_shutdown(tls_.get());
    if (descriptor_ >= 0) close(descriptor_);
}

Stream::Step Stream::establish() {
    if (!connected_) {
        int failure = 0;
        socklen_t size = sizeof failure;
        getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &failure, &size);
        if (failure != 0) return Step::closed;
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        if (getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
            return errno == ENOTCONN ? Step::wants_write : Step::closed;
        }
        connected_ = true;
    }
    if (!tls_) return Step::established;
    const int result = SSL_do_handshake(tls_.get());
    if (result == 1) return Step::established;
    switch (SSL_get_error(tls_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return Step::wants_read;
        case SSL_ERROR_WANT_WRITE:
            return Step::wants_write;
        default:
            ERR_clear_error();
            return Step::closed;
    }
}

std::ptrdiff_t Stream::tls_result(int result) const {
    if (result > 0) return result;
    const int reason = SSL_get_error(tls_.get(), result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return 0;
    ERR_clear_error();
    return -1;
}

std::ptrdiff_t Stream::read(std::span<char> into) {
    if (tls_) return tls_result(SSL_read(tls_.get(), into.data(), static_cast<int>(into.size())));
    const auto count = recv(descriptor_, into.data(), into.size(), 0);
    if (count > 0) return count;
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    return -1;
}

std::ptrdiff_t Stream::write(std::string_view bytes) {
    if (tls_)
        return tls_result(SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())));
    const auto count = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return count;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

bool Stream::has_buffered_input() const {
    return tls_ && SSL_pending(tls_.get()) > 0;
}

}  // namespace modax::flood
