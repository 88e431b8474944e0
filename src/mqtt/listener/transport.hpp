// How bytes travel between a connection and its client: TCP, TLS, WebSocket, WebSocket in TLS.
// The packet logic knows only this. One thread: that of the io_context.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace modax::mqtt {

// The executor is named, because the type-erased one costs a virtual call for each operation.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// Told what became of the operations. Kept alive by each operation under way.
class TransportOwner {
public:
    virtual ~TransportOwner() = default;
    virtual void on_open() = 0;  // the handshakes are done
    virtual void on_read(std::size_t size) = 0;
    virtual void on_written() = 0;
    // The connection is of no use any more; nothing else is called after it.
    virtual void on_failure(const std::string& reason) = 0;
};

// At most one read and one write at a time.
class Transport {
public:
    virtual ~Transport() = default;
    virtual void open(std::weak_ptr<TransportOwner> owner) = 0;
    virtual void read(char* data, std::size_t size) = 0;
    // `bytes` must stay until on_written().
    virtual void write(std::string_view bytes) = 0;
    virtual void close() = 0;
    // Common name of the verified client certificate; empty: none.
    virtual std::string certificate_subject() const = 0;
};

std::unique_ptr<Transport> make_tcp_transport(Socket socket);
std::unique_ptr<Transport> make_tls_transport(Socket socket, boost::asio::ssl::context& context);
// Subprotocol "mqtt" (MQTT 5, chapter 6). `max_message` bounds a WebSocket message, in bytes.
std::unique_ptr<Transport> make_websocket_transport(Socket socket, std::size_t max_message);
std::unique_ptr<Transport> make_secure_websocket_transport(
    Socket socket, boost::asio::ssl::context& context, std::size_t max_message
);

}  // namespace modax::mqtt
