// The TLS side of the server: versions, ciphers and the certificate (PROMISES 3.4).
#pragma once

#include "core/result.hpp"

#include <boost/asio/ssl/context.hpp>

namespace modax::http {

struct ServerOptions;

// TLS 1.2 and 1.3 only, forward-secret AEAD ciphers, no renegotiation, ALPN http/1.1.
// Errors: invalid_argument, naming the file.
Result<boost::asio::ssl::context> make_tls_context(const ServerOptions& options);

}  // namespace modax::http
