#include "mqtt/client.hpp"

#include "mqtt/client_implementation.hpp"
#include "mqtt/codec/topic.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace modax::mqtt {
namespace {

// Subscriptions take their packet identifiers above those of publications.
constexpr std::uint16_t k_max_inflight = 60'000;
constexpr std::chrono::seconds k_lasting{5};        // a connection that was worth the name
constexpr std::chrono::seconds k_closing_limit{2};  // for the server to close

}  // namespace

Client::Implementation::Implementation(
    boost::asio::io_context& io, ClientOptions options, Random& random, ClientEvents events
)
    : io_{io},
      options_{std::move(options)},
      random_{random},
      events_{std::move(events)},
      outbox_{options_.max_inflight, options_.max_queued, options_.version},
      inbox_{options_.version},
      next_subscribe_id_{k_max_inflight},
      timer_{io},
      keep_alive_timer_{io} {}

Status Client::Implementation::check_options() const {
    const auto wrong = [](const char* what) { return fail(Errc::invalid_argument, what); };
    if (options_.host.empty()) return wrong("the host of the MQTT broker is missing");
    if (options_.port == 0) return wrong("the port of the MQTT broker is missing");
    if (options_.max_inflight == 0 || options_.max_inflight > k_max_inflight) {
        return wrong("the number of publications under way must be 1 to 60000");
    }
    if (options_.receive_maximum == 0) return wrong("the receive maximum must be 1 or more");
    if (options_.keep_alive > std::chrono::seconds{65'535}) {
        return wrong("the keep-alive must be 65535 seconds or less");
    }
    if (options_.version == ProtocolVersion::v3_1_1 && options_.client_id.empty() &&
        !options_.clean) {
        return wrong("a kept session needs a client id in MQTT 3.1.1");
    }
    if (options_.will && !is_valid_topic_name(options_.will->topic)) {
        return wrong("the topic of the will is not a valid topic name");
    }
    return {};
}

Status Client::Implementation::start() {
    if (auto good = check_options(); !good) return good;
    if (options_.tls) {
        auto context = make_client_context(*options_.tls);
        if (!context) return tl::make_unexpected(context.error());
        tls_ = std::move(*context);
    }
    connect();
    return {};
}

void Client::Implementation::connect() {
    state_ = State::connecting;
    link_ = std::make_shared<Link>(io_, options_, *this);
    timer_.expires_after(options_.connect_timeout);
    timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (error || !alive || alive->state_ != State::connecting) return;
        alive->fail_connection(
            {Errc::timed_out,
             "cannot connect to the MQTT broker " + alive->server() +
                 ": it did not answer in time; check host, port, and whether TLS is wanted"}
        );
    });
    link_->open(tls_.get());
}

void Client::Implementation::reconnect_later() {
    // "Full jitter": as many clients as there may be, they don't come back in the same moment.
    const auto doublings = std::min(attempts_, 20U);
    const auto bound =
        std::min(options_.max_backoff, options_.min_backoff * (std::int64_t{1} << doublings));
    ++attempts_;
    const auto wait =
        random_.below(static_cast<std::uint64_t>(std::max<std::int64_t>(bound.count(), 0)) + 1);
    state_ = State::waiting;
    timer_.expires_after(std::chrono::milliseconds{wait});
    timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (error || !alive || alive->state_ != State::waiting) return;
        alive->connect();
    });
}

void Client::Implementation::fail_connection(Error error) {
    if (state_ == State::closing) {
        finish_closing();
        return;
    }
    if (state_ != State::connecting && state_ != State::connected) return;
    if (state_ == State::connected && Clock::now() - connected_at_ >= k_lasting) attempts_ = 0;
    link_->close();
    keep_alive_timer_.cancel();
    reconnect_later();
    outbox_.disconnected();
    const Status lost = fail(error.code, error.detail);
    for (const auto& [packet_id, done] : std::exchange(subscribing_, {})) {
        if (done) done(lost);
    }
    if (events_.on_disconnected) events_.on_disconnected(error);
}

void Client::Implementation::fail_protocol(const std::string& detail, ReasonCode reason) {
    // Tells the server why (section 4.13), if it can take it.
    if (state_ == State::connected && options_.version == ProtocolVersion::v5) {
        ReasonPacket packet;
        packet.reason = reason;
        encode(link_->out(), packet, options_.version);
        link_->write_now();
    }
    fail_connection(
        {Errc::protocol_error, "the MQTT broker " + server() + " broke the protocol: " + detail}
    );
}

void Client::Implementation::disconnect(std::function<void()> done) {
    closed_ = std::move(done);
    keep_alive_timer_.cancel();
    if (state_ != State::connected) {
        boost::asio::post(io_, [self = weak_from_this()] {
            if (const auto alive = self.lock()) alive->finish_closing();
        });
        state_ = State::closing;
        return;
    }
    state_ = State::closing;
    encode(link_->out(), ReasonPacket{}, options_.version);
    link_->write_now();
    // The server closes when it has seen everything (section 3.14.4); whoever closes first may make
    // it drop what it hasn't read yet.
    link_->resume();
    timer_.expires_after(k_closing_limit);
    timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (!error && alive) alive->finish_closing();
    });
}

void Client::Implementation::finish_closing() {
    if (state_ != State::closing) return;
    abandon();
    if (const auto done = std::exchange(closed_, {})) done();
}

void Client::Implementation::abandon() {
    state_ = State::closed;
    timer_.cancel();
    keep_alive_timer_.cancel();
    if (link_) link_->close();
}

Status Client::Implementation::publish(Publication publication, ClientOutbox::Done done) {
    if (!is_valid_topic_name(publication.topic)) {
        return fail(
            Errc::invalid_argument,
            "cannot publish on '" + publication.topic + "': it is no valid topic name"
        );
    }
    if (publication.qos > 2) return fail(Errc::invalid_argument, "the QoS must be 0, 1 or 2");
    if (auto added = outbox_.add(std::move(publication), std::move(done)); !added) return added;
    pump();
    return {};
}

void Client::Implementation::pump() {
    if (state_ != State::connected || std::exchange(pumping_, true)) return;
    outbox_.pump(link_->out());
    pumping_ = false;
    if (state_ == State::connected) link_->schedule_write();
}

void Client::Implementation::subscribe(
    const std::vector<std::string>& filters, std::uint8_t qos, ClientOutbox::Done done
) {
    if (state_ != State::connected) {
        if (done) done(fail(Errc::unavailable, "cannot subscribe: there is no connection"));
        return;
    }
    if (filters.empty()) {
        if (done) done({});
        return;
    }
    constexpr std::uint8_t k_retained_when_new = 1U << 4U;  // section 3.8.3.1, Retain Handling
    do {
        next_subscribe_id_ = next_subscribe_id_ == std::numeric_limits<std::uint16_t>::max()
                                 ? static_cast<std::uint16_t>(k_max_inflight + 1)
                                 : static_cast<std::uint16_t>(next_subscribe_id_ + 1);
    } while (subscribing_.contains(next_subscribe_id_));
    SubscribePacket packet;
    packet.packet_id = next_subscribe_id_;
    for (const std::string& filter : filters) {
        auto request = SubscriptionRequest{filter, qos};
        if (options_.version == ProtocolVersion::v5) request.options |= k_retained_when_new;
        packet.requests.push_back(request);
    }
    subscribing_[packet.packet_id] = std::move(done);
    encode(link_->out(), packet, options_.version);
    link_->schedule_write();
}

void Client::Implementation::acknowledge(const MessageToken& token) {
    if (state_ != State::connected || token.connection != connection_ || token.qos == 0) return;
    inbox_.acknowledge(token.packet_id, link_->out());
    link_->schedule_write();
}

void Client::Implementation::pause_reading() {
    paused_ = true;
    if (state_ == State::connected) link_->pause();
}

void Client::Implementation::resume_reading() {
    paused_ = false;
    if (state_ == State::connected) link_->resume();
}

std::string Client::Implementation::server() const {
    return options_.host + ":" + std::to_string(options_.port);
}

Client::Client(
    boost::asio::io_context& io, ClientOptions options, Random& random, ClientEvents events
)
    : implementation_{
          std::make_shared<Implementation>(io, std::move(options), random, std::move(events))} {}

Client::~Client() {
    implementation_->abandon();
}

Status Client::start() {
    return implementation_->start();
}

void Client::disconnect(std::function<void()> done) {
    implementation_->disconnect(std::move(done));
}

bool Client::connected() const {
    return implementation_->connected();
}

std::uint64_t Client::connection() const {
    return implementation_->connection();
}

Status Client::publish(Publication publication, std::function<void(const Status&)> done) {
    return implementation_->publish(std::move(publication), std::move(done));
}

std::size_t Client::unacknowledged() const {
    return implementation_->unacknowledged();
}

void Client::subscribe(
    const std::vector<std::string>& filters,
    std::uint8_t qos,
    std::function<void(const Status&)> done
) {
    implementation_->subscribe(filters, qos, std::move(done));
}

void Client::acknowledge(const MessageToken& token) {
    implementation_->acknowledge(token);
}

void Client::pause_reading() {
    implementation_->pause_reading();
}

void Client::resume_reading() {
    implementation_->resume_reading();
}

}  // namespace modax::mqtt
