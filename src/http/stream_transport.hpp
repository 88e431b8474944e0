// Transport over an Asio stream: TCP, or TLS over TCP. Included by listener.cpp only.
#pragma once

#include "http/permits.hpp"
#include "http/transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace modax::http {

using TcpSocket = boost::asio::ip::tcp::socket;
using TlsStream = boost::asio::ssl::stream<TcpSocket>;

// A range of buffers that is cheap to copy, as Asio copies buffer sequences.
struct BufferRange {
    using value_type = boost::asio::const_buffer;
    using const_iterator = const value_type*;
    const_iterator first = nullptr;
    const_iterator last = nullptr;
    const_iterator begin() const { return first; }
    const_iterator end() const { return last; }
};

template <class Stream>
class StreamTransport final : public Transport {
    static constexpr bool k_tls = std::is_same_v<Stream, TlsStream>;

public:
    template <class... Arguments>
    StreamTransport(Permit permit, std::string address, bool loopback, Arguments&&... arguments)
        : permit_{std::move(permit)},
          address_{std::move(address)},
          loopback_{loopback},
          stream_{std::forward<Arguments>(arguments)...} {}

    void handshake(std::shared_ptr<TransportUser> user) override {
        if constexpr (k_tls) {
            stream_.async_handshake(
                boost::asio::ssl::stream_base::server,
                [user = std::move(user)](const auto& failure) {
                    failure ? user->on_failed() : user->on_ready();
                }
            );
        } else {
            boost::asio::post(stream_.get_executor(), [user = std::move(user)] {
                user->on_ready();
            });
        }
    }

    void read(std::span<char> into, std::shared_ptr<TransportUser> user) override {
        stream_.async_read_some(
            boost::asio::buffer(into.data(), into.size()),
            [user = std::move(user)](const auto& failure, std::size_t bytes) {
                failure || bytes == 0 ? user->on_failed() : user->on_read(bytes);
            }
        );
    }

    Written write(std::span<const std::string_view> parts, std::shared_ptr<TransportUser> user)
        override {
        buffers_.clear();
        for (const auto part : parts) buffers_.emplace_back(part.data(), part.size());
        BufferRange rest{buffers_.data(), buffers_.data() + buffers_.size()};
        if constexpr (!k_tls) {
            // Mostly the kernel takes it all at once, which saves a turn of the event loop.
            boost::system::error_code failure;
            while (rest.first != rest.last) {
                const std::size_t bytes = stream_.write_some(rest, failure);
                if (failure == boost::asio::error::would_block) break;
                if (failure) return Written::failed;
                advance(rest, bytes);
            }
            if (rest.first == rest.last) return Written::now;
        }
        boost::asio::async_write(
            stream_,
            rest,
            [user = std::move(user)](const auto& failure, std::size_t) {
                failure ? user->on_failed() : user->on_written();
            }
        );
        return Written::later;
    }

    void finish([[maybe_unused]] std::shared_ptr<TransportUser> user) override {
        boost::system::error_code ignored;
        if constexpr (k_tls) {
            stream_.async_shutdown([user = std::move(user)](const auto&) { user->on_failed(); });
        } else {
            stream_.shutdown(TcpSocket::shutdown_send, ignored);
        }
    }

    void close() override {
        boost::system::error_code ignored;
        stream_.lowest_layer().close(ignored);
    }

    bool tls() const override { return k_tls; }
    bool loopback() const override { return loopback_; }
    const std::string& address() const override { return address_; }

private:
    void advance(BufferRange& rest, std::size_t bytes) {
        while (bytes > 0 || (rest.first != rest.last && rest.first->size() == 0)) {
            auto& front = buffers_[static_cast<std::size_t>(rest.first - buffers_.data())];
            const std::size_t taken = std::min(bytes, front.size());
            front += taken;
            bytes -= taken;
            if (front.size() == 0) ++rest.first;
        }
    }

    Permit permit_;
    const std::string address_;
    bool loopback_;
    Stream stream_;
    std::vector<boost::asio::const_buffer> buffers_;
};

}  // namespace modax::http
