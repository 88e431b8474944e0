// Where and how `modax replay` and `modax simulate` publish: the options they share, and the one
// connection both drive.
#pragma once

#include "cli/command.hpp"
#include "core/random.hpp"
#include "core/result.hpp"
#include "mqtt/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace modax::cli {

struct MqttTarget {
    std::string host = "127.0.0.1";
    std::optional<std::uint16_t> port;  // nullopt: 1883, or 8883 with TLS
    bool tls = false;
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
    std::string user;
    std::string password_file;  // empty: the environment's MODAX_MQTT_PASSWORD, if it is set
    std::string topic_prefix = "modax";
    std::uint8_t qos = 1;
    std::string protocol = "5";
    std::string client_id;
    bool wait = false;  // for ever for the broker at the start
};
void add_mqtt_target_options(CLI::App& command, MqttTarget& target);
// Errors: invalid_argument, not_found, io_error (the password file).
Result<mqtt::ClientOptions> client_options(const MqttTarget& target);

// A client, its loop and the signals that end it. One thread: run()'s.
class MqttSession {
public:
    // `work` is called whenever there may be something to do: when the connection stands, when a
    // message is acknowledged, and when the time given to wake_at() has come. It publishes, and
    // calls finish() when all is said.
    MqttSession(const MqttTarget& target, mqtt::ClientOptions options, std::function<void()> work);
    MqttSession(const MqttSession&) = delete;
    MqttSession& operator=(const MqttSession&) = delete;

    // Until finish() and everything is acknowledged, or SIGINT or SIGTERM (the second of them does
    // not wait for acknowledgements), or the broker is away at the start for too long.
    // Errors: those of Client::start(), and unavailable, unauthenticated, permission_denied.
    Status run();
    bool interrupted() const { return signals_seen_ > 0; }

    // Room in the window: publish only while it is true, and work() is called again for more.
    bool has_room() const { return client_.unacknowledged() < k_window; }
    // Errors are counted as refused and told on standard error, the first few.
    void publish(const std::string& topic, std::string payload, std::uint8_t qos);
    void wake_at(std::chrono::steady_clock::time_point time);
    // Nothing more will be published.
    void finish();
    void fail(Error error);

    std::uint64_t confirmed() const { return confirmed_; }
    std::uint64_t refused() const { return refused_; }
    std::size_t unacknowledged() const { return client_.unacknowledged(); }

private:
    static constexpr std::size_t k_window = 1000;

    void on_disconnected(const Error& error);
    void on_outcome(const std::string& topic, const Status& outcome);
    void schedule_work();
    void do_work();
    void end();
    void arm_signals();

    const MqttTarget& target_;
    boost::asio::io_context io_{1};
    SystemRandom random_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer timer_;
    std::function<void()> work_;
    bool work_scheduled_ = false;
    bool finished_ = false;
    bool ending_ = false;
    bool was_connected_ = false;
    int failed_attempts_ = 0;
    int signals_seen_ = 0;
    std::uint64_t confirmed_ = 0;
    std::uint64_t refused_ = 0;
    std::string last_told_;
    Status outcome_;
    mqtt::Client client_;
};

// "1 reading", "2 readings".
std::string counted(std::uint64_t count, const std::string& singular);

}  // namespace modax::cli
