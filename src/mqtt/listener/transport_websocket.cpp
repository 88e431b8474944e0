// WebSocket, plain and in TLS. An MQTT packet may span WebSocket messages (MQTT 5, section 6).
#include "mqtt/listener/transport_operations.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <optional>
#include <type_traits>

namespace modax::mqtt {
namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using Request = beast::http::request<beast::http::empty_body>;
using TlsStream = boost::asio::ssl::stream<Socket>;

bool offers_mqtt(const Request& request) {
    const auto offered = request[beast::http::field::sec_websocket_protocol];
    for (const auto protocol : beast::http::token_list{offered}) {
        if (protocol == "mqtt") return true;
    }
    return false;
}

template <class Next>
class WebSocketTransport final : public Transport {
public:
    template <class... Arguments>
    explicit WebSocketTransport(std::size_t max_message, Arguments&&... arguments)
        : stream_{std::forward<Arguments>(arguments)...} {
        stream_.read_message_max(max_message);
        stream_.binary(true);
        stream_.auto_fragment(false);
        stream_.set_option(websocket::stream_base::decorator([](websocket::response_type& response
                                                             ) {
            response.set(beast::http::field::sec_websocket_protocol, "mqtt");
            response.set(beast::http::field::server, "modax");
        }));
    }
    ~WebSocketTransport() override { close_socket(beast::get_lowest_layer(stream_)); }

    void open(std::weak_ptr<TransportOwner> owner) override {
        owner_ = std::move(owner);
        if constexpr (std::is_same_v<Next, TlsStream>) {
            stream_.next_layer().async_handshake(
                boost::asio::ssl::stream_base::server,
                [this, alive = owner_.lock()](const boost::system::error_code& error) {
                    if (error) {
                        alive->on_failure("TLS handshake: " + error.message());
                        return;
                    }
                    subject_ = subject_of(stream_.next_layer());
                    read_request();
                }
            );
        } else {
            read_request();
        }
    }
    void read(char* data, std::size_t size) override {
        stream_.async_read_some(boost::asio::buffer(data, size), read_handler(owner_.lock()));
    }
    void write(std::string_view bytes) override {
        stream_.async_write(
            boost::asio::buffer(bytes.data(), bytes.size()), write_handler(owner_.lock())
        );
    }
    void close() override { close_socket(beast::get_lowest_layer(stream_)); }
    std::string certificate_subject() const override { return subject_; }

private:
    void read_request() {
        parser_.emplace();
        parser_->header_limit(16 * 1024);
        beast::http::async_read(
            stream_.next_layer(),
            buffer_,
            *parser_,
            [this, alive = owner_.lock()](const boost::system::error_code& error, std::size_t) {
                if (error) {
                    alive->on_failure("WebSocket request: " + error.message());
                } else if (!offers_mqtt(parser_->get())) {
                    alive->on_failure("WebSocket client does not offer the subprotocol mqtt");
                } else {
                    accept(alive);
                }
            }
        );
    }
    void accept(const OwnerPointer& owner) {
        stream_.async_accept(parser_->get(), [this, owner](const boost::system::error_code& error) {
            parser_.reset();
            buffer_ = {};
            if (error) {
                owner->on_failure("WebSocket handshake: " + error.message());
            } else {
                owner->on_open();
            }
        });
    }

    websocket::stream<Next> stream_;
    std::weak_ptr<TransportOwner> owner_;
    beast::flat_buffer buffer_;
    std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
    std::string subject_;
};

}  // namespace

std::unique_ptr<Transport> make_websocket_transport(Socket socket, std::size_t max_message) {
    return std::make_unique<WebSocketTransport<Socket>>(max_message, std::move(socket));
}

std::unique_ptr<Transport> make_secure_websocket_transport(
    Socket socket, boost::asio::ssl::context& context, std::size_t max_message
) {
    return std::make_unique<WebSocketTransport<TlsStream>>(max_message, std::move(socket), context);
}

}  // namespace modax::mqtt
