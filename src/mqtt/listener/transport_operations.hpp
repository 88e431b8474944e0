// The handlers every transport ends its operations with.
#pragma once

#include "mqtt/listener/transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <string>

namespace modax::mqtt {

using OwnerPointer = std::shared_ptr<TransportOwner>;

// Ends a read or a write: tells the owner, which the handler has kept alive until now.
inline auto read_handler(OwnerPointer owner) {
    return [owner = std::move(owner)](const boost::system::error_code& error, std::size_t size) {
        if (error) {
            owner->on_failure(error.message());
        } else {
            owner->on_read(size);
        }
    };
}

inline auto write_handler(OwnerPointer owner) {
    return [owner = std::move(owner)](const boost::system::error_code& error, std::size_t) {
        if (error) {
            owner->on_failure(error.message());
        } else {
            owner->on_written();
        }
    };
}

inline void close_socket(Socket& socket) {
    boost::system::error_code ignored;
    socket.shutdown(Socket::shutdown_both, ignored);
    socket.close(ignored);
}

template <class Stream>
std::string subject_of(boost::asio::ssl::stream<Stream>& stream) {
    SSL* const ssl = stream.native_handle();
    const std::unique_ptr<X509, decltype(&X509_free)> certificate{
        SSL_get1_peer_certificate(ssl), &X509_free};
    if (!certificate || SSL_get_verify_result(ssl) != X509_V_OK) return {};
    std::array<char, 256> name{};
    const int length = X509_NAME_get_text_by_NID(
        X509_get_subject_name(certificate.get()), NID_commonName, name.data(), int{name.size()}
    );
    return length > 0 ? std::string{name.data(), static_cast<std::size_t>(length)} : std::string{};
}

}  // namespace modax::mqtt
