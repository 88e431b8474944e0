// An MQTT client (3.1.1 and 5) over TCP or TLS that stays connected: it reconnects with exponential
// back-off and full jitter, resumes its session, and sends again what was not acknowledged. Used by
// the uplink and by `modax replay` and `modax simulate`. Owned by one caller; everything, callbacks
// included, happens on the one thread that runs the io_context, and nothing here blocks.
#pragma once

#include "core/random.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "mqtt/codec/wire.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace modax::mqtt {

// The server's certificate and its name are always checked; there is no way to switch that off.
struct ClientTls {
    std::filesystem::path ca_file;           // PEM; empty: the CAs of the system
    std::filesystem::path certificate_file;  // PEM chain; empty: no client certificate
    std::filesystem::path key_file;          // PEM
};

struct Publication {
    std::string topic;
    std::string payload;
    std::uint8_t qos = 1;  // 0, 1 or 2
    bool retain = false;
};

struct ClientOptions {
    std::string host = "127.0.0.1";  // name or IP address
    std::uint16_t port = 1883;
    std::optional<ClientTls> tls{};
    ProtocolVersion version = ProtocolVersion::v5;
    std::string client_id{};  // empty: the server gives one (3.1.1: only with `clean`)
    // True: the session of an earlier run is thrown away at the first connect (3.1.1: at every
    // connect). What was not acknowledged is published again after a reconnect in either case.
    bool clean = true;
    // MQTT 5: how long the server keeps the session of a lost connection.
    std::chrono::seconds session_expiry{0};
    std::string user{};  // empty: none
    Secret password{};
    std::optional<Publication> will{};
    std::chrono::seconds keep_alive{30};   // 0: none; at most 65,535
    std::uint16_t receive_maximum = 1000;  // messages not yet acknowledged by us (MQTT 5)
    // Publications under way, 1 to 60,000; a smaller Receive Maximum of the server counts, and 20
    // for QoS 2 in 3.1.1.
    std::uint16_t max_inflight = 1000;
    std::size_t max_queued = 20'000;  // publications that wait for the window or the connection
    std::size_t max_packet_size = std::size_t{256} * 1024;  // of incoming packets, in bytes
    // False: every QoS 1 and 2 message waits for acknowledge().
    bool acknowledge_automatically = true;
    std::chrono::milliseconds connect_timeout{10'000};  // until the server has answered CONNECT
    // The n-th wait before a reconnect is random between 0 and min(max, min * 2^n).
    std::chrono::milliseconds min_backoff{500};
    std::chrono::milliseconds max_backoff{30'000};
};

// Says which message is meant; worthless as soon as its connection is gone, because the server
// delivers the message again on the next one.
struct MessageToken {
    std::uint64_t connection = 0;  // number of the connection, from 1
    std::uint16_t packet_id = 0;
    std::uint8_t qos = 0;
};

// Only looked at during the call it is passed to.
struct ReceivedMessage {
    std::string_view topic;
    std::string_view payload;
    bool retain = false;
    bool duplicate = false;  // the server says it may have sent it before
    MessageToken token;      // qos 0: needs no acknowledgement
};

// Any may be empty. A callback may call the client, but not destroy it.
struct ClientEvents {
    // The server has accepted us. `session_present`: subscriptions of earlier are still there.
    std::function<void(bool session_present)> on_connected;
    // The connection was lost, or an attempt failed. The client tries again by itself.
    // Errors: unauthenticated, permission_denied (the server refused us), unavailable, timed_out,
    // protocol_error; the text says what to do.
    std::function<void(const Error& error)> on_disconnected;
    std::function<void(const ReceivedMessage& message)> on_message;
    // All messages of one read from the socket were given to on_message.
    std::function<void()> on_read_end;
};

class Client {
public:
    // `io` and `random` must outlive the client.
    Client(boost::asio::io_context& io, ClientOptions options, Random& random, ClientEvents events);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    // Drops the connection without good-bye, so that the server sends the will; callbacks of
    // publications are not called any more.
    ~Client();

    // Begins to connect. Errors: invalid_argument (an option, or a file of ClientTls).
    Status start();
    // Says good-bye (the will is not sent) and stays away. What was given to publish() and
    // acknowledge() and is on its way, is sent before. `done` is called when the server has closed
    // the connection (or did not within 2 s), also when there was none. Publications that are not
    // acknowledged are dropped: wait for unacknowledged() == 0.
    void disconnect(std::function<void()> done = {});

    bool connected() const;
    // Number of the present or last connection; 0: there was none.
    std::uint64_t connection() const;

    // `done` gets the outcome: QoS 0 when it is handed to the operating system, QoS 1 with PUBACK,
    // QoS 2 with PUBCOMP. An error there is final (invalid_argument, permission_denied,
    // resource_exhausted: the server refused; unavailable: QoS 0 and the connection broke). Between
    // connections QoS 1 and 2 wait; sent in the order of the calls.
    // Errors, `done` is not called then: invalid_argument (topic, size), resource_exhausted (queue
    // full).
    Status publish(Publication publication, std::function<void(const Status&)> done = {});
    // Publications without an outcome yet.
    std::size_t unacknowledged() const;

    // `done` gets the first refusal, or unavailable when the connection breaks. Needs a connection
    // (else `done` gets unavailable at once); repeat it in on_connected. QoS at most `qos`.
    void subscribe(
        const std::vector<std::string>& filters,
        std::uint8_t qos,
        std::function<void(const Status&)> done = {}
    );

    // The message may be forgotten by the server. Acknowledgements leave in order of arrival of the
    // messages and are gathered in one write. Tokens of earlier connections are ignored.
    void acknowledge(const MessageToken& token);

    // No further message is given out until resume_reading(); the socket isn't read either, so that
    // the server feels it.
    void pause_reading();
    void resume_reading();

private:
    class Implementation;
    std::shared_ptr<Implementation> implementation_;
};

}  // namespace modax::mqtt
