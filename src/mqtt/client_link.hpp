// One connection of a client: resolves, connects, TLS; cuts what comes into packets; gathers what
// goes. Knows packets only by their frames. Owned by Client; one thread.
#pragma once

#include "core/result.hpp"
#include "mqtt/client.hpp"
#include "mqtt/codec/packets.hpp"
#include "mqtt/listener/transport.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace modax::mqtt {

// Told what happens on a link, until it calls Link::close().
class LinkOwner {
public:
    virtual ~LinkOwner() = default;
    virtual void on_link_open() = 0;
    virtual void on_frame(const Frame& frame) = 0;
    virtual void on_read_end() = 0;
    // Everything that was given to out() before the write began is with the operating system.
    virtual void on_write_begin() = 0;
    virtual void on_written() = 0;
    virtual void on_link_failure(Error error) = 0;
};

// Errors: invalid_argument, naming the file.
Result<std::unique_ptr<boost::asio::ssl::context>> make_client_context(const ClientTls& tls);
// The server's name and certificate are checked against `host`.
std::unique_ptr<Transport> make_client_tls_transport(
    Socket socket, boost::asio::ssl::context& context, const std::string& host
);

class Link final : public TransportOwner, public std::enable_shared_from_this<Link> {
public:
    Link(boost::asio::io_context& io, const ClientOptions& options, LinkOwner& owner);

    // `tls` may be null: plain TCP.
    void open(boost::asio::ssl::context* tls);
    // The owner hears nothing any more.
    void close();

    // Bytes to send are appended here; schedule_write() once per addition is cheap: one write
    // takes everything that was added in the same turn of the loop.
    std::string& out() { return pending_; }
    void schedule_write();
    // At once, when no write is under way.
    void write_now();

    void pause() { paused_ = true; }
    void resume();

private:
    using Resolver = boost::asio::ip::
        basic_resolver<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

    void connect(const Resolver::results_type& addresses);
    void write();
    void read();
    void take_frames();
    void fail_with(Error error);

    void on_open() override;
    void on_read(std::size_t size) override;
    void on_written() override;
    void on_failure(const std::string& reason) override;

    boost::asio::io_context& io_;
    const std::string host_;
    const std::uint16_t port_;
    const std::size_t max_packet_size_;
    LinkOwner* owner_;  // null: closed
    Resolver resolver_;
    std::shared_ptr<Socket> connecting_;
    std::unique_ptr<Transport> transport_;
    boost::asio::ssl::context* tls_ = nullptr;
    bool open_ = false;
    std::vector<char> buffer_;
    std::size_t taken_ = 0;   // of buffer_: packets that were given out
    std::size_t filled_ = 0;  // of buffer_
    bool reading_ = false;
    bool taking_ = false;
    bool paused_ = false;
    std::string pending_;
    std::string writing_;
    bool write_scheduled_ = false;
    bool write_active_ = false;
};

}  // namespace modax::mqtt
