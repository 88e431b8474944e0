#include "mqtt/uplink.hpp"

#include "ingest/intake.hpp"
#include "mqtt/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

namespace modax::mqtt {
namespace {

constexpr std::chrono::milliseconds k_retry{5};  // while the store has no room
constexpr std::string_view k_part = "uplink";

ClientOptions client_options(const UplinkOptions& options) {
    ClientOptions client;
    client.host = options.host;
    client.port = options.port;
    if (options.tls) {
        client.tls = ClientTls{options.ca_file, options.certificate_file, options.key_file};
    }
    client.client_id = options.client_id;
    client.clean = false;
    client.session_expiry = options.session_expiry;
    client.user = options.user;
    client.password = options.password;
    client.keep_alive = options.keep_alive;
    client.receive_maximum = options.receive_maximum;
    client.max_packet_size = options.max_packet_size;
    client.acknowledge_automatically = false;
    client.min_backoff = options.min_backoff;
    client.max_backoff = options.max_backoff;
    return client;
}

}  // namespace

class Uplink::Implementation final : public std::enable_shared_from_this<Implementation> {
public:
    Implementation(
        boost::asio::io_context& io,
        const UplinkOptions& options,
        ingest::Intake& intake,
        const Clock& clock,
        Random& random,
        Log& log,
        AckSink& acks
    );

    Status start();
    void stop();
    void committed(std::span<const AckToken> tokens);
    void collect(MetricSink& sink) const;
    Health health() const;

private:
    ClientEvents events();
    void on_connected(bool session_present);
    void on_disconnected(const Error& error);
    void on_message(const ReceivedMessage& message);
    void on_read_end();
    void on_subscribed(const Status& subscribed);
    void take_committed();
    void wait_for_room();
    void set_health(bool ready, std::string detail);

    boost::asio::io_context& io_;
    const std::string server_;
    const std::string sender_;  // as the quarantine names it
    ingest::Intake& intake_;
    const Clock& clock_;
    Log& log_;
    AckSink& acks_;
    std::vector<std::string> filters_;
    boost::asio::steady_timer room_timer_;
    bool waiting_for_room_ = false;
    bool stopped_ = false;
    std::string last_failure_;
    SteadyTime last_told_;
    std::atomic<bool> connected_{false};
    std::atomic<std::uint64_t> connections_{0};
    std::atomic<std::uint64_t> received_{0};
    mutable std::mutex mutex_;
    std::vector<AckToken> committed_;  // guarded by mutex_; not yet seen by the MQTT thread
    Health health_;                    // guarded by mutex_
    Client client_;
};

Uplink::Implementation::Implementation(
    boost::asio::io_context& io,
    const UplinkOptions& options,
    ingest::Intake& intake,
    const Clock& clock,
    Random& random,
    Log& log,
    AckSink& acks
)
    : io_{io},
      server_{options.host + ":" + std::to_string(options.port)},
      sender_{"uplink " + server_},
      intake_{intake},
      clock_{clock},
      log_{log},
      acks_{acks},
      room_timer_{io},
      health_{std::string{k_part}, false, "not yet connected to the MQTT broker " + server_},
      client_{io, client_options(options), random, events()} {
    for (const std::string& topic : options.topics) {
        filters_.push_back(
            options.share_group.empty() ? topic : "$share/" + options.share_group + "/" + topic
        );
    }
}

ClientEvents Uplink::Implementation::events() {
    // The client is a member: it is gone before what these use.
    return {
        .on_connected = [this](bool session_present) { on_connected(session_present); },
        .on_disconnected = [this](const Error& error) { on_disconnected(error); },
        .on_message = [this](const ReceivedMessage& message) { on_message(message); },
        .on_read_end = [this] { on_read_end(); }};
}

Status Uplink::Implementation::start() {
    auto started = client_.start();
    if (!started) {
        set_health(false, started.error().detail);
        log_.error(k_part, started.error().detail);
    }
    return started;
}

void Uplink::Implementation::stop() {
    stopped_ = true;
    connected_ = false;
    room_timer_.cancel();
    set_health(false, "stopped");
    take_committed();  // so that the broker needn't send them again
    client_.disconnect();
}

void Uplink::Implementation::on_connected(bool session_present) {
    connected_ = true;
    connections_.fetch_add(1, std::memory_order_relaxed);
    last_failure_.clear();
    log_.info(
        k_part,
        "connected to the MQTT broker",
        {{"broker", server_}, {"session", session_present ? "resumed" : "new"}}
    );
    // Also in a resumed session: the topics in the configuration may be others than before.
    client_.subscribe(filters_, 1, [this](const Status& subscribed) { on_subscribed(subscribed); });
}

void Uplink::Implementation::on_subscribed(const Status& subscribed) {
    if (subscribed) {
        set_health(true, {});
        return;
    }
    if (!client_.connected()) return;  // on_disconnected() tells why
    const std::string detail = subscribed.error().detail + "; see uplink.topics";
    set_health(false, detail);
    log_.error(k_part, detail, {{"broker", server_}});
}

void Uplink::Implementation::on_disconnected(const Error& error) {
    connected_ = false;
    // What came before the connection broke; nothing else may come for a while.
    intake_.flush();
    set_health(false, error.detail);
    // The same again is said once a minute.
    constexpr std::chrono::minutes k_repeat{1};
    const auto now = clock_.steady_now();
    if (error.detail == last_failure_ && now - last_told_ < k_repeat) return;
    last_failure_ = error.detail;
    last_told_ = now;
    log_.warn(k_part, error.detail, {{"next", "connecting again until it works"}});
}

void Uplink::Implementation::on_message(const ReceivedMessage& message) {
    received_.fetch_add(1, std::memory_order_relaxed);
    const ingest::IncomingMessage incoming{
        .topic = message.topic,
        .payload = message.payload,
        .qos = message.token.qos,
        .client = sender_};
    if (message.token.qos == 0) {
        intake_.accept(incoming, std::nullopt);
        return;
    }
    intake_.accept(
        incoming,
        AckToken{
            .sink = &acks_,
            .connection = message.token.connection,
            .packet_id = message.token.packet_id,
            .qos = message.token.qos}
    );
}

void Uplink::Implementation::on_read_end() {
    intake_.flush();
    if (!waiting_for_room_ && intake_.full(GroupWriter::Lane::acknowledged)) {
        client_.pause_reading();
        wait_for_room();
    }
}

// Looks again soon, because the room may be taken and freed by the listener's clients alone.
void Uplink::Implementation::wait_for_room() {
    waiting_for_room_ = true;
    room_timer_.expires_after(k_retry);
    room_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (error || !alive || alive->stopped_) return;
        if (alive->intake_.full(GroupWriter::Lane::acknowledged)) {
            alive->wait_for_room();
            return;
        }
        alive->waiting_for_room_ = false;
        alive->client_.resume_reading();
    });
}

void Uplink::Implementation::committed(std::span<const AckToken> tokens) {
    {
        const std::lock_guard lock{mutex_};
        const bool posted = !committed_.empty();
        committed_.insert(committed_.end(), tokens.begin(), tokens.end());
        if (posted) return;
    }
    boost::asio::post(io_, [self = weak_from_this()] {
        if (const auto alive = self.lock()) alive->take_committed();
    });
}

void Uplink::Implementation::take_committed() {
    std::vector<AckToken> tokens;
    {
        const std::lock_guard lock{mutex_};
        tokens.swap(committed_);
    }
    for (const AckToken& token : tokens) {
        client_.acknowledge({token.connection, token.packet_id, token.qos});
    }
}

void Uplink::Implementation::set_health(bool ready, std::string detail) {
    const std::lock_guard lock{mutex_};
    health_.ready = ready;
    health_.detail = std::move(detail);
}

Health Uplink::Implementation::health() const {
    const std::lock_guard lock{mutex_};
    return health_;
}

void Uplink::Implementation::collect(MetricSink& sink) const {
    const auto connections = connections_.load(std::memory_order_relaxed);
    sink.gauge(
        "modax_uplink_connected",
        "Whether the connection to the external MQTT broker stands",
        connected_ ? 1 : 0
    );
    sink.counter(
        "modax_uplink_received_total",
        "Messages from the external MQTT broker, redelivered ones included",
        static_cast<double>(received_.load(std::memory_order_relaxed))
    );
    sink.counter(
        "modax_uplink_reconnects_total",
        "Connections to the external MQTT broker after the first",
        static_cast<double>(connections > 0 ? connections - 1 : 0)
    );
}

Uplink::Uplink(
    boost::asio::io_context& io,
    const UplinkOptions& options,
    ingest::Intake& intake,
    const Clock& clock,
    Random& random,
    Log& log
)
    : implementation_{
          std::make_shared<Implementation>(io, options, intake, clock, random, log, *this)} {}

Uplink::~Uplink() = default;

Status Uplink::start() {
    return implementation_->start();
}

void Uplink::stop() {
    implementation_->stop();
}

void Uplink::committed(std::span<const AckToken> tokens) noexcept {
    try {
        implementation_->committed(tokens);
    } catch (const std::exception&) {
        // Out of memory: without acknowledgement the broker delivers again.
        return;
    }
}

void Uplink::collect(MetricSink& sink) const {
    implementation_->collect(sink);
}

Health Uplink::health() const {
    return implementation_->health();
}

}  // namespace modax::mqtt
