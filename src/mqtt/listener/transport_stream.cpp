// TCP and TLS.
#include "mqtt/listener/transport_operations.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace modax::mqtt {
namespace {

class TcpTransport final : public Transport {
public:
    explicit TcpTransport(Socket socket) : socket_{std::move(socket)} {}
    ~TcpTransport() override { close_socket(socket_); }

    void open(std::weak_ptr<TransportOwner> owner) override {
        owner_ = std::move(owner);
        if (const auto alive = owner_.lock()) alive->on_open();
    }
    void read(char* data, std::size_t size) override {
        socket_.async_read_some(boost::asio::buffer(data, size), read_handler(owner_.lock()));
    }
    void write(std::string_view bytes) override {
        boost::asio::async_write(
            socket_, boost::asio::buffer(bytes.data(), bytes.size()), write_handler(owner_.lock())
        );
    }
    void close() override { close_socket(socket_); }
    std::string certificate_subject() const override { return {}; }

private:
    Socket socket_;
    std::weak_ptr<TransportOwner> owner_;
};

class TlsTransport final : public Transport {
public:
    TlsTransport(Socket socket, boost::asio::ssl::context& context)
        : stream_{std::move(socket), context} {}
    ~TlsTransport() override { close_socket(stream_.next_layer()); }

    void open(std::weak_ptr<TransportOwner> owner) override {
        owner_ = std::move(owner);
        stream_.async_handshake(
            boost::asio::ssl::stream_base::server,
            [this, alive = owner_.lock()](const boost::system::error_code& error) {
                if (error) {
                    alive->on_failure("TLS handshake: " + error.message());
                    return;
                }
                subject_ = subject_of(stream_);
                alive->on_open();
            }
        );
    }
    void read(char* data, std::size_t size) override {
        stream_.async_read_some(boost::asio::buffer(data, size), read_handler(owner_.lock()));
    }
    void write(std::string_view bytes) override {
        boost::asio::async_write(
            stream_, boost::asio::buffer(bytes.data(), bytes.size()), write_handler(owner_.lock())
        );
    }
    void close() override { close_socket(stream_.next_layer()); }
    std::string certificate_subject() const override { return subject_; }

private:
    boost::asio::ssl::stream<Socket> stream_;
    std::weak_ptr<TransportOwner> owner_;
    std::string subject_;
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(Socket socket) {
    return std::make_unique<TcpTransport>(std::move(socket));
}

std::unique_ptr<Transport> make_tls_transport(Socket socket, boost::asio::ssl::context& context) {
    return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace modax::mqtt
