// Takes connections on one port and deals them out to the I/O threads. Internal.
#pragma once

#include "core/result.hpp"
#include "http/io_thread.hpp"
#include "http/permits.hpp"
#include "http/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace modax::http {

// Lives on the first I/O thread once started.
class Listener {
public:
    // `tls`: nullptr for plain HTTP.
    Listener(
        std::vector<std::unique_ptr<IoThread>>& threads,
        Permits& connections,
        const ServerOptions& options,
        Log& log,
        boost::asio::ssl::context* tls
    );

    // Returns what was taken. Errors: invalid_argument (no IP address), io_error.
    Result<Address> open(const Address& address);
    void start() { accept(); }
    // On the first I/O thread.
    void close();

private:
    void accept();
    void take(boost::asio::ip::tcp::socket socket, IoThread& thread);

    std::vector<std::unique_ptr<IoThread>>& threads_;
    Permits& connections_;
    const ServerOptions& options_;
    Log& log_;
    boost::asio::ssl::context* tls_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    std::size_t next_ = 0;
};

}  // namespace modax::http
