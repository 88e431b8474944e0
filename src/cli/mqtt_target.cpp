#include "cli/mqtt_target.hpp"

#include "core/file_system.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace modax::cli {
namespace {

constexpr int k_first_attempts = 5;  // before we give up at the start
constexpr std::uint64_t k_told = 5;  // refusals that are told one by one

}  // namespace

void add_mqtt_target_options(CLI::App& command, MqttTarget& target) {
    const std::string group = "MQTT";
    command.add_option("--host", target.host, "Name or address of the gateway or broker")
        ->capture_default_str()
        ->group(group);
    command.add_option("--port", target.port, "Port (default: 1883, or 8883 with --tls)")
        ->check(CLI::Range(1, 65'535))
        ->group(group);
    command.add_flag("--tls", target.tls, "Use TLS; the server's certificate is always checked")
        ->group(group);
    command
        .add_option(
            "--ca-file", target.ca_file, "CA that signed the server's certificate (default: system)"
        )
        ->type_name("FILE")
        ->group(group);
    command.add_option("--certificate-file", target.certificate_file, "Client certificate")
        ->type_name("FILE")
        ->group(group);
    command.add_option("--key-file", target.key_file, "Private key of the client certificate")
        ->type_name("FILE")
        ->group(group);
    command.add_option("--user", target.user, "User name")->group(group);
    command
        .add_option(
            "--password-file",
            target.password_file,
            "Read the password from this file (default: environment MODAX_MQTT_PASSWORD)"
        )
        ->type_name("FILE")
        ->group(group);
    command.add_option("--topic-prefix", target.topic_prefix, "First level of the topics")
        ->capture_default_str()
        ->group(group);
    command.add_option("--qos", target.qos, "0: send once; 1: until it is acknowledged")
        ->check(CLI::Range(0, 1))
        ->capture_default_str()
        ->group(group);
    command.add_option("--protocol", target.protocol, "MQTT version")
        ->check(CLI::IsMember({"3.1.1", "5"}))
        ->capture_default_str()
        ->group(group);
    command
        .add_option("--client-id", target.client_id, "Client id (default: the server gives one)")
        ->group(group);
    command
        .add_flag("--wait", target.wait, "Wait for the server at the start, however long it takes")
        ->group(group);
}

Result<mqtt::ClientOptions> client_options(const MqttTarget& target) {
    mqtt::ClientOptions options;
    options.host = target.host;
    options.port = target.port.value_or(target.tls ? 8883 : 1883);
    if (target.tls) {
        options.tls = mqtt::ClientTls{target.ca_file, target.certificate_file, target.key_file};
    } else if (!target.ca_file.empty() || !target.certificate_file.empty() || !target.key_file.empty()) {
        return modax::fail(
            Errc::invalid_argument,
            "--ca-file, --certificate-file and --key-file need --tls; add it or leave them out"
        );
    }
    options.version =
        target.protocol == "5" ? mqtt::ProtocolVersion::v5 : mqtt::ProtocolVersion::v3_1_1;
    options.client_id = target.client_id;
    // For a connection that breaks during the run, not for the next run.
    options.session_expiry = std::chrono::minutes{5};
    options.max_backoff = std::chrono::seconds{5};
    options.user = target.user;
    if (!target.password_file.empty()) {
        const PosixFileSystem files;
        auto content = files.read(target.password_file);
        if (!content) return tl::make_unexpected(content.error());
        while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) {
            content->pop_back();
        }
        options.password = Secret{*content};
    } else if (const char* password = std::getenv("MODAX_MQTT_PASSWORD"); password != nullptr) {
        options.password = Secret{password};
    }
    return options;
}

MqttSession::MqttSession(
    const MqttTarget& target, mqtt::ClientOptions options, std::function<void()> work
)
    : target_{target},
      signals_{io_, SIGINT, SIGTERM},
      timer_{io_},
      work_{std::move(work)},
      client_{
          io_,
          std::move(options),
          random_,
          {.on_connected =
               [this](bool) {
                   was_connected_ = true;
                   if (!std::exchange(last_told_, {}).empty()) std::cerr << "modax: connected\n";
                   schedule_work();
               },
           .on_disconnected = [this](const Error& error) { on_disconnected(error); },
           .on_message = {},
           .on_read_end = {}}} {}

Status MqttSession::run() {
    if (auto started = client_.start(); !started) return started;
    arm_signals();
    io_.run();
    return outcome_;
}

void MqttSession::arm_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        ++signals_seen_;
        finished_ = true;
        if (signals_seen_ > 1 || !client_.connected()) {
            end();
            return;
        }
        schedule_work();
        arm_signals();
    });
}

void MqttSession::on_disconnected(const Error& error) {
    const bool refused =
        error.code == Errc::unauthenticated || error.code == Errc::permission_denied;
    if (!was_connected_ && !target_.wait && (refused || ++failed_attempts_ >= k_first_attempts)) {
        fail(error);
        return;
    }
    if (error.detail != last_told_) {
        std::cerr << "modax: " << error.detail << "; connecting again\n";
        last_told_ = error.detail;
    }
}

void MqttSession::publish(const std::string& topic, std::string payload, std::uint8_t qos) {
    const auto sent = client_.publish(
        {topic, std::move(payload), qos, false},
        [this, topic](const Status& outcome) { on_outcome(topic, outcome); }
    );
    if (!sent) on_outcome(topic, sent);
}

void MqttSession::on_outcome(const std::string& topic, const Status& outcome) {
    if (outcome) {
        ++confirmed_;
    } else {
        ++refused_;
        if (refused_ <= k_told) {
            std::cerr << "modax: a message on '" << topic << "' failed: " << outcome.error().detail
                      << '\n';
        }
    }
    schedule_work();
}

void MqttSession::wake_at(std::chrono::steady_clock::time_point time) {
    timer_.expires_at(time);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) do_work();
    });
}

// Gathered: acknowledgements come in bursts, and one look is enough for all.
void MqttSession::schedule_work() {
    if (std::exchange(work_scheduled_, true)) return;
    boost::asio::post(io_, [this] {
        work_scheduled_ = false;
        do_work();
    });
}

void MqttSession::do_work() {
    if (ending_) return;
    if (!finished_ && was_connected_) work_();
    if (finished_ && client_.unacknowledged() == 0) end();
}

void MqttSession::finish() {
    finished_ = true;
}

void MqttSession::fail(Error error) {
    outcome_ = tl::make_unexpected(std::move(error));
    end();
}

void MqttSession::end() {
    if (std::exchange(ending_, true)) return;
    finished_ = true;
    timer_.cancel();
    client_.disconnect([this] { signals_.cancel(); });
}

std::string counted(std::uint64_t count, const std::string& singular) {
    return std::to_string(count) + ' ' + singular + (count == 1 ? "" : "s");
}

}  // namespace modax::cli
