#include "mqtt/client_link.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace modax::mqtt {
namespace {

constexpr std::size_t k_read_size = std::size_t{64} * 1024;

}  // namespace

Link::Link(boost::asio::io_context& io, const ClientOptions& options, LinkOwner& owner)
    : io_{io},
      host_{options.host},
      port_{options.port},
      max_packet_size_{options.max_packet_size},
      owner_{&owner},
      resolver_{io.get_executor()},
      buffer_(k_read_size) {}

void Link::open(boost::asio::ssl::context* tls) {
    tls_ = tls;
    resolver_.async_resolve(
        host_,
        std::to_string(port_),
        [self = shared_from_this(
         )](const boost::system::error_code& error, const Resolver::results_type& addresses) {
            if (self->owner_ == nullptr) return;
            if (error) {
                self->fail_with(
                    {Errc::unavailable,
                     "cannot find the address of the MQTT broker '" + self->host_ +
                         "': " + error.message() + "; check the host name"}
                );
                return;
            }
            self->connect(addresses);
        }
    );
}

void Link::connect(const Resolver::results_type& addresses) {
    connecting_ = std::make_shared<Socket>(io_.get_executor());
    boost::asio::async_connect(
        *connecting_,
        addresses,
        [self = shared_from_this(),
         socket =
             connecting_](const boost::system::error_code& error, const boost::asio::ip::tcp::endpoint&) {
            if (self->owner_ == nullptr) return;
            if (error) {
                self->fail_with(
                    {Errc::unavailable,
                     "cannot connect to the MQTT broker " + self->host_ + ":" +
                         std::to_string(self->port_) + ": " + error.message() +
                         "; check host and port, and that the broker runs"}
                );
                return;
            }
            boost::system::error_code ignored;
            socket->set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
            self->transport_ =
                self->tls_ != nullptr
                    ? make_client_tls_transport(std::move(*socket), *self->tls_, self->host_)
                    : make_tcp_transport(std::move(*socket));
            self->connecting_.reset();
            self->transport_->open(self);
        }
    );
}

void Link::close() {
    owner_ = nullptr;
    open_ = false;
    resolver_.cancel();
    boost::system::error_code ignored;
    if (connecting_) connecting_->close(ignored);
    if (transport_) transport_->close();
}

void Link::schedule_write() {
    if (write_scheduled_ || write_active_ || !open_ || pending_.empty()) return;
    write_scheduled_ = true;
    boost::asio::post(io_, [self = shared_from_this()] {
        self->write_scheduled_ = false;
        if (!self->write_active_) self->write();
    });
}

void Link::write_now() {
    if (!write_active_) write();
}

void Link::write() {
    if (!open_ || pending_.empty()) return;
    writing_.swap(pending_);
    write_active_ = true;
    if (owner_ != nullptr) owner_->on_write_begin();
    transport_->write(writing_);
}

void Link::on_written() {
    write_active_ = false;
    writing_.clear();
    if (owner_ != nullptr) owner_->on_written();
    write();
}

void Link::on_open() {
    if (owner_ == nullptr) return;
    open_ = true;
    owner_->on_link_open();
    read();
}

void Link::read() {
    if (!open_ || owner_ == nullptr || reading_ || paused_) return;
    // Only here, because a read under way writes behind `filled_`.
    if (taken_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + taken_, filled_ - taken_);
        filled_ -= std::exchange(taken_, 0);
    }
    if (filled_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    reading_ = true;
    transport_->read(buffer_.data() + filled_, buffer_.size() - filled_);
}

void Link::on_read(std::size_t size) {
    reading_ = false;
    filled_ += size;
    take_frames();
}

void Link::take_frames() {
    if (taking_) return;
    taking_ = true;
    while (owner_ != nullptr && !paused_) {
        const auto frame =
            next_frame({buffer_.data() + taken_, filled_ - taken_}, max_packet_size_);
        if (!frame) {
            fail_with(
                {Errc::protocol_error, "the MQTT broker sent a bad packet: " + frame.error().detail}
            );
            break;
        }
        if (!*frame) break;
        taken_ += (*frame)->size;
        owner_->on_frame(**frame);
    }
    if (owner_ != nullptr) owner_->on_read_end();
    taking_ = false;
    read();
}

void Link::resume() {
    if (!paused_) return;
    paused_ = false;
    // Not from within the caller, who may be in the middle of something.
    boost::asio::post(io_, [self = shared_from_this()] {
        if (self->open_ && !self->paused_) self->take_frames();
    });
}

void Link::on_failure(const std::string& reason) {
    reading_ = false;
    if (owner_ == nullptr) {
        close();
        return;
    }
    if (open_) {
        fail_with(
            {Errc::unavailable,
             "the connection to the MQTT broker " + host_ + ":" + std::to_string(port_) +
                 " was lost: " + reason}
        );
    } else {
        fail_with(
            {Errc::unavailable,
             "cannot connect to the MQTT broker " + host_ + ":" + std::to_string(port_) + ": " +
                 reason}
        );
    }
}

void Link::fail_with(Error error) {
    LinkOwner* const owner = std::exchange(owner_, nullptr);
    close();
    if (owner != nullptr) owner->on_link_failure(std::move(error));
}

}  // namespace modax::mqtt
