#include "mqtt/listener/acceptor.hpp"

#include "core/log.hpp"
#include "mqtt/listener/connection.hpp"

#include <boost/asio/ip/address.hpp>

#include <utility>

namespace modax::mqtt {
namespace {

// How long to wait when the process has no file descriptor left.
constexpr std::chrono::milliseconds k_out_of_descriptors{100};

}  // namespace

Acceptor::Acceptor(Broker& broker, Kind kind, boost::asio::ssl::context* tls)
    : broker_{broker},
      kind_{kind},
      tls_{tls},
      acceptor_{broker.parts().io.get_executor()},
      retry_{broker.parts().io} {}

Result<std::uint16_t> Acceptor::open(const ListenAddress& address) {
    boost::system::error_code error;
    const auto ip = boost::asio::ip::make_address(address.bind, error);
    if (error) return fail(Errc::invalid_argument, "'" + address.bind + "' is no IP address");
    const boost::asio::ip::tcp::endpoint endpoint{ip, address.port};
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(SocketAcceptor::reuse_address{true}, error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(SocketAcceptor::max_listen_connections, error);
    if (error) {
        return fail(
            Errc::io_error,
            "cannot listen for MQTT on " + address.bind + " port " + std::to_string(address.port) +
                ": " + error.message() + "; stop what uses the port, or choose another"
        );
    }
    accept();
    return acceptor_.local_endpoint().port();
}

void Acceptor::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
}

void Acceptor::accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Socket socket) {
        if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (!error) {
            admit(std::move(socket));
            accept();
            return;
        }
        broker_.parts().log.warn(
            "mqtt", "a connection could not be accepted", {{"error", error.message()}}
        );
        retry_.expires_after(k_out_of_descriptors);
        retry_.async_wait([this](const boost::system::error_code& cancelled) {
            if (!cancelled) accept();
        });
    });
}

void Acceptor::admit(Socket socket) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;  // it is gone already
    if (broker_.connections() >= broker_.options().max_connections) {
        Counters::add(broker_.counters().connections_refused);
        broker_.parts().log.warn(
            "mqtt",
            "connection refused: mqtt.max_connections is reached",
            {{"address", remote.address().to_string()}}
        );
        return;
    }
    socket.set_option(boost::asio::ip::tcp::no_delay{true}, error);
    Connection::Peer peer{remote.address().to_string(), remote.address().is_loopback()};
    broker_.add(std::make_shared<Connection>(
        broker_.next_connection_number(),
        make_transport(std::move(socket)),
        std::move(peer),
        broker_
    ));
}

std::unique_ptr<Transport> Acceptor::make_transport(Socket socket) const {
    // Several packets may share one WebSocket message.
    const std::size_t max_message = 4 * broker_.options().max_packet_size;
    switch (kind_) {
        case Kind::tls:
            return make_tls_transport(std::move(socket), *tls_);
        case Kind::websocket:
            return make_websocket_transport(std::move(socket), max_message);
        case Kind::secure_websocket:
            return make_secure_websocket_transport(std::move(socket), *tls_, max_message);
        case Kind::tcp:
            break;
    }
    return make_tcp_transport(std::move(socket));
}

}  // namespace modax::mqtt
