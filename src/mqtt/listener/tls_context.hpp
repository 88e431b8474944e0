// The TLS settings of the listener: 1.2 and 1.3, forward secrecy, AEAD ciphers only (PROMISES 3.4).
#pragma once

#include "core/result.hpp"
#include "mqtt/listener.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace modax::mqtt {

// Errors: invalid_argument, naming the file.
Result<std::unique_ptr<boost::asio::ssl::context>> make_server_context(
    const ListenerOptions& options
);

}  // namespace modax::mqtt
