// The inside of a client: its connection, its timers, its session. Owned by Client; one thread.
#pragma once

#include "mqtt/client.hpp"
#include "mqtt/client_inbox.hpp"
#include "mqtt/client_link.hpp"
#include "mqtt/client_outbox.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace modax::mqtt {

class Client::Implementation final : public LinkOwner,
                                     public std::enable_shared_from_this<Implementation> {
public:
    Implementation(
        boost::asio::io_context& io, ClientOptions options, Random& random, ClientEvents events
    );

    Status start();
    void disconnect(std::function<void()> done);
    // Forgets everything at once; nobody is told.
    void abandon();
    bool connected() const { return state_ == State::connected; }
    std::uint64_t connection() const { return connection_; }
    Status publish(Publication publication, ClientOutbox::Done done);
    std::size_t unacknowledged() const { return outbox_.size(); }
    void subscribe(
        const std::vector<std::string>& filters, std::uint8_t qos, ClientOutbox::Done done
    );
    void acknowledge(const MessageToken& token);
    void pause_reading();
    void resume_reading();

private:
    enum class State : std::uint8_t { idle, connecting, connected, waiting, closing, closed };
    using Clock = std::chrono::steady_clock;

    void on_link_open() override;
    void on_frame(const Frame& frame) override;
    void on_read_end() override;
    void on_write_begin() override;
    void on_written() override;
    void on_link_failure(Error error) override;

    Status check_options() const;
    void connect();
    void reconnect_later();
    void finish_closing();
    void fail_connection(Error error);
    void fail_protocol(const std::string& detail, ReasonCode reason);
    void arm_keep_alive();
    void check_keep_alive();
    void pump();

    void take_connack(const Frame& frame);
    Error refusal(std::uint8_t reason) const;
    void take_publish(const Frame& frame);
    void take_ack(const Frame& frame);
    void take_suback(const Frame& frame);
    void take_disconnect(const Frame& frame);
    std::string server() const;

    boost::asio::io_context& io_;
    ClientOptions options_;
    Random& random_;
    const ClientEvents events_;
    State state_ = State::idle;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    std::shared_ptr<Link> link_;
    ClientOutbox outbox_;
    ClientInbox inbox_;
    std::map<std::uint16_t, ClientOutbox::Done> subscribing_;
    std::uint16_t next_subscribe_id_;
    std::uint64_t connection_ = 0;
    unsigned attempts_ = 0;  // since a connection that lasted
    bool had_session_ = false;
    bool paused_ = false;
    bool pumping_ = false;
    std::function<void()> closed_;
    boost::asio::steady_timer timer_;  // of the state: connect timeout, back-off, closing
    boost::asio::steady_timer keep_alive_timer_;
    std::chrono::milliseconds keep_alive_{0};
    Clock::time_point connected_at_;
    Clock::time_point last_read_;
    Clock::time_point last_write_;
    std::optional<Clock::time_point> ping_sent_;
};

}  // namespace modax::mqtt
