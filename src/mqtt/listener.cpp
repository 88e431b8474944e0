#include "mqtt/listener.hpp"

#include "live/hub.hpp"
#include "mqtt/listener/acceptor.hpp"
#include "mqtt/listener/broker.hpp"
#include "mqtt/listener/tls_context.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <mutex>
#include <utility>
#include <vector>

namespace modax::mqtt {
namespace {

constexpr std::chrono::milliseconds k_retry{5};  // of connections that wait for room

}  // namespace

class Listener::Implementation final : public std::enable_shared_from_this<Implementation> {
public:
    Implementation(
        ListenerOptions options, ListenerParts parts, AckSink& acks, const BrokerState& state
    )
        : options_{std::move(options)},
          parts_{parts},
          broker_{options_, parts_, acks, counters_},
          tick_timer_{parts.io},
          retry_timer_{parts.io} {
        broker_.restore(state);
    }

    Result<ListenerPorts> start();
    void stop();
    Status reload_certificates();
    void recheck_clients();
    void publish(std::string topic, std::string payload, std::uint8_t qos, bool retain);
    void committed(std::span<const AckToken> tokens);
    const Counters& counters() const { return counters_; }

private:
    Result<std::optional<std::uint16_t>> open(
        const std::optional<ListenAddress>& address, Acceptor::Kind kind
    );
    void arm_tick();
    void arm_retry();
    void take_committed();
    void take_live();
    std::string status(std::string_view state) const;

    const ListenerOptions options_;
    ListenerParts parts_;
    Counters counters_;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    Broker broker_;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    boost::asio::steady_timer tick_timer_;
    boost::asio::steady_timer retry_timer_;
    bool retry_armed_ = false;
    std::mutex mutex_;
    std::vector<AckToken> committed_;  // guarded by mutex_; not yet seen by the I/O thread
    std::unique_ptr<live::Subscription> live_;
};

Result<std::optional<std::uint16_t>> Listener::Implementation::open(
    const std::optional<ListenAddress>& address, Acceptor::Kind kind
) {
    if (!address) return std::optional<std::uint16_t>{};
    auto acceptor = std::make_unique<Acceptor>(broker_, kind, tls_.get());
    const auto port = acceptor->open(*address);
    if (!port) return tl::make_unexpected(port.error());
    acceptors_.push_back(std::move(acceptor));
    return std::optional{*port};
}

Result<ListenerPorts> Listener::Implementation::start() {
    if (options_.tls || options_.secure_websocket) {
        auto context = make_server_context(options_);
        if (!context) return tl::make_unexpected(context.error());
        tls_ = std::move(*context);
    }
    ListenerPorts ports;
    const auto open_into = [this](auto& port, const auto& address, Acceptor::Kind kind) -> Status {
        auto opened = open(address, kind);
        if (!opened) return tl::make_unexpected(opened.error());
        port = *opened;
        return {};
    };
    using Kind = Acceptor::Kind;
    if (auto opened = open_into(ports.tcp, options_.tcp, Kind::tcp); !opened) {
        return tl::make_unexpected(opened.error());
    }
    if (auto opened = open_into(ports.tls, options_.tls, Kind::tls); !opened) {
        return tl::make_unexpected(opened.error());
    }
    if (auto opened = open_into(ports.websocket, options_.websocket, Kind::websocket); !opened) {
        return tl::make_unexpected(opened.error());
    }
    if (auto opened =
            open_into(ports.secure_websocket, options_.secure_websocket, Kind::secure_websocket);
        !opened) {
        return tl::make_unexpected(opened.error());
    }
    live::SubscriptionOptions subscription;
    subscription.name = "mqtt";
    subscription.notify = [self = weak_from_this(), &io = parts_.io] {
        boost::asio::post(io, [self] {
            if (const auto alive = self.lock()) alive->take_live();
        });
    };
    live_ = parts_.hub.subscribe(std::move(subscription));
    arm_tick();
    publish(options_.topic_prefix + "/system/status", status("running"), 1, true);
    return ports;
}

std::string Listener::Implementation::status(std::string_view state) const {
    std::string json = R"({"state":")";
    json += state;
    json += R"(","version":")" + options_.version + R"(","timestamp":")" +
            format_iso8601(parts_.clock.now()) + R"("})";
    return json;
}

void Listener::Implementation::stop() {
    for (const auto& acceptor : acceptors_) acceptor->close();
    Message message;
    message.topic = std::make_shared<const std::string>(options_.topic_prefix + "/system/status");
    message.payload = std::make_shared<const std::string>(status("stopped"));
    message.qos = 1;
    message.retain = true;
    broker_.route(std::make_shared<const Message>(std::move(message)), nullptr);
    broker_.shut_down();
    tick_timer_.cancel();
    retry_timer_.cancel();
    live_.reset();
}

Status Listener::Implementation::reload_certificates() {
    if (!options_.tls && !options_.secure_websocket) return {};
    auto context = make_server_context(options_);
    if (!context) return tl::make_unexpected(context.error());
    boost::asio::post(
        parts_.io,
        [self = weak_from_this(),
         fresh = std::shared_ptr<boost::asio::ssl::context>{std::move(*context)}] {
            // In place, because the acceptors refer to it. Connections hold what they began with.
            if (const auto alive = self.lock()) *alive->tls_ = std::move(*fresh);
        }
    );
    return {};
}

void Listener::Implementation::recheck_clients() {
    boost::asio::post(parts_.io, [self = weak_from_this()] {
        const auto alive = self.lock();
        if (!alive) return;
        alive->broker_.recheck_clients();
        alive->broker_.end_turn();
    });
}

void Listener::Implementation::publish(
    std::string topic, std::string payload, std::uint8_t qos, bool retain
) {
    Message message;
    message.topic = std::make_shared<const std::string>(std::move(topic));
    message.payload = std::make_shared<const std::string>(std::move(payload));
    message.qos = qos;
    message.retain = retain;
    boost::asio::post(
        parts_.io,
        [self = weak_from_this(), message = std::make_shared<const Message>(std::move(message))] {
            const auto alive = self.lock();
            if (!alive) return;
            alive->broker_.route(message, nullptr);
            alive->broker_.end_turn();
        }
    );
}

void Listener::Implementation::committed(std::span<const AckToken> tokens) {
    {
        const std::lock_guard lock{mutex_};
        const bool posted = !committed_.empty();
        committed_.insert(committed_.end(), tokens.begin(), tokens.end());
        if (posted) return;
    }
    boost::asio::post(parts_.io, [self = weak_from_this()] {
        if (const auto alive = self.lock()) alive->take_committed();
    });
}

void Listener::Implementation::take_committed() {
    std::vector<AckToken> tokens;
    {
        const std::lock_guard lock{mutex_};
        tokens.swap(committed_);
    }
    broker_.committed(tokens);
    arm_retry();
}

void Listener::Implementation::take_live() {
    if (live_ == nullptr) return;
    for (const auto& batch : live_->take().batches) broker_.feed(batch);
    broker_.end_turn();
    arm_retry();
}

void Listener::Implementation::arm_tick() {
    tick_timer_.expires_after(options_.tick);
    tick_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (error || !alive) return;
        alive->broker_.tick();
        alive->arm_retry();
        alive->arm_tick();
    });
}

// Connections that wait for room are looked at again soon, also when no acknowledgement wakes them.
void Listener::Implementation::arm_retry() {
    if (retry_armed_ || !broker_.has_paused()) return;
    retry_armed_ = true;
    retry_timer_.expires_after(k_retry);
    retry_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (error || !alive) return;
        alive->retry_armed_ = false;
        alive->broker_.retry_paused();
        alive->broker_.end_turn();
        alive->arm_retry();
    });
}

Listener::Listener(ListenerOptions options, ListenerParts parts, BrokerState state)
    : implementation_{std::make_shared<Implementation>(std::move(options), parts, *this, state)} {}

Listener::~Listener() = default;

Result<ListenerPorts> Listener::start() {
    return implementation_->start();
}

void Listener::stop() {
    implementation_->stop();
}

Status Listener::reload_certificates() {
    return implementation_->reload_certificates();
}

void Listener::recheck_clients() {
    implementation_->recheck_clients();
}

void Listener::publish(std::string topic, std::string payload, std::uint8_t qos, bool retain) {
    implementation_->publish(std::move(topic), std::move(payload), qos, retain);
}

void Listener::committed(std::span<const AckToken> tokens) noexcept {
    try {
        implementation_->committed(tokens);
    } catch (const std::exception&) {
        // Out of memory: without acknowledgement the clients send again.
        return;
    }
}

void Listener::collect(MetricSink& sink) const {
    implementation_->counters().collect(sink);
}

Health Listener::health() const {
    return {"mqtt", true, {}};
}

}  // namespace modax::mqtt
