// One listening port. Runs on the io_context's thread.
#pragma once

#include "mqtt/listener/broker.hpp"
#include "mqtt/listener/transport.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace modax::mqtt {

class Acceptor {
public:
    enum class Kind : std::uint8_t { tcp, tls, websocket, secure_websocket };

    // `tls` may be null for the kinds without it; it must outlive the acceptor.
    Acceptor(Broker& broker, Kind kind, boost::asio::ssl::context* tls);

    // Gives the port. Errors: io_error (the port is taken), invalid_argument (no IP address).
    Result<std::uint16_t> open(const ListenAddress& address);
    void close();

private:
    using SocketAcceptor = boost::asio::
        basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

    void accept();
    void admit(Socket socket);
    std::unique_ptr<Transport> make_transport(Socket socket) const;

    Broker& broker_;
    const Kind kind_;
    boost::asio::ssl::context* tls_;
    SocketAcceptor acceptor_;
    boost::asio::steady_timer retry_;
};

}  // namespace modax::mqtt
