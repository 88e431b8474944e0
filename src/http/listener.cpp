#include "http/listener.hpp"

#include "http/connection.hpp"
#include "http/stream_transport.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace modax::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds k_pause_after_failure{100};

// An IPv4 client of an IPv6 socket is the same client.
boost::asio::ip::address plain_address(const boost::asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    }
    return address;
}

void refuse(tcp::socket& socket) {
    constexpr std::string_view k_answer =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n";
    error_code ignored;
    socket.write_some(boost::asio::buffer(k_answer), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    // What the client has sent by now is read, or closing would reset the answer away.
    std::array<char, 4096> unread{};
    socket.read_some(boost::asio::buffer(unread), ignored);
}

}  // namespace

Listener::Listener(
    std::vector<std::unique_ptr<IoThread>>& threads,
    Permits& connections,
    const ServerOptions& options,
    Log& log,
    boost::asio::ssl::context* tls
)
    : threads_{threads},
      connections_{connections},
      options_{options},
      log_{log},
      tls_{tls},
      acceptor_{threads.front()->context()},
      pause_{threads.front()->context()} {}

Result<Address> Listener::open(const Address& address) {
    error_code failure;
    const auto ip = boost::asio::ip::make_address(address.bind, failure);
    if (failure) {
        return fail(
            Errc::invalid_argument,
            "can't listen on \"" + address.bind + "\": give an IP address such as 127.0.0.1"
        );
    }
    const tcp::endpoint endpoint{ip, address.port};
    acceptor_.open(endpoint.protocol(), failure);
    if (!failure) acceptor_.set_option(tcp::acceptor::reuse_address{true}, failure);
    if (!failure) acceptor_.bind(endpoint, failure);
    if (!failure) acceptor_.listen(boost::asio::socket_base::max_listen_connections, failure);
    if (failure) {
        return fail(
            Errc::io_error,
            "can't listen on " + address.bind + " port " + std::to_string(address.port) + ": " +
                failure.message() + "; free the port or choose another"
        );
    }
    return Address{address.bind, acceptor_.local_endpoint().port()};
}

void Listener::close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

void Listener::accept() {
    IoThread& thread = *threads_[next_++ % threads_.size()];
    acceptor_.async_accept(
        thread.context(),
        [this, &thread](const error_code& failure, tcp::socket socket) {
            if (!acceptor_.is_open()) return;
            if (!failure) {
                take(std::move(socket), thread);
                accept();
                return;
            }
            // Out of file descriptors, most likely: let some connections end first.
            log_.warn("http", "a connection can't be taken", {{"why", failure.message()}});
            pause_.expires_after(k_pause_after_failure);
            pause_.async_wait([this](const error_code& cancelled) {
                if (!cancelled) accept();
            });
        }
    );
}

void Listener::take(tcp::socket socket, IoThread& thread) {
    error_code failure;
    const auto endpoint = socket.remote_endpoint(failure);
    if (failure) return;  // gone already
    const auto peer = plain_address(endpoint.address());
    const bool loopback = peer.is_loopback();
    socket.non_blocking(true, failure);
    socket.set_option(tcp::no_delay{true}, failure);
    if (options_.send_buffer_bytes > 0) {
        socket.set_option(
            boost::asio::socket_base::send_buffer_size{options_.send_buffer_bytes}, failure
        );
    }
    std::string from = peer.to_string();
    auto permit = connections_.take(
        from,
        loopback ? options_.max_connections_per_loopback_address
                 : options_.max_connections_per_address
    );
    if (!permit) {
        if (tls_ == nullptr) refuse(socket);
        return;
    }
    std::unique_ptr<Transport> transport;
    if (tls_ != nullptr) {
        transport = std::make_unique<StreamTransport<TlsStream>>(
            std::move(permit), std::move(from), loopback, std::move(socket), *tls_
        );
    } else {
        transport = std::make_unique<StreamTransport<TcpSocket>>(
            std::move(permit), std::move(from), loopback, std::move(socket)
        );
    }
    boost::asio::post(thread.context(), [&thread, transport = std::move(transport)]() mutable {
        if (thread.stopping()) return;
        std::make_shared<Connection>(thread, std::move(transport))->start();
    });
}

}  // namespace modax::http
