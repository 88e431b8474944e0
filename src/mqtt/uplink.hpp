// Takes readings from an external MQTT 5 broker: a client with a persistent session whose PUBACKs
// wait until the landing store has the readings (PROMISES P2). Shares the MQTT thread and its
// Intake with the listener. Owned by app.
#pragma once

#include "core/clock.hpp"
#include "core/health.hpp"
#include "core/landing.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/random.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}
namespace modax::ingest {
class Intake;
}

namespace modax::mqtt {

struct UplinkOptions {
    std::string host;  // name or IP address; with TLS, as the broker's certificate names it
    std::uint16_t port = 8883;
    bool tls = true;
    std::filesystem::path ca_file;           // PEM; empty: the CAs of the system
    std::filesystem::path certificate_file;  // PEM; empty: no client certificate
    std::filesystem::path key_file;          // PEM
    std::string user;                        // empty: none
    Secret password;
    // The session at the broker belongs to it: always the same for this gateway, and its alone.
    std::string client_id = "modax-gateway";
    std::vector<std::string> topics{"modax/sensor/data/#", "modax/sensor/safety/#"};
    // Gateways with the same group share the messages among them; empty: no shared subscription.
    std::string share_group;
    std::chrono::seconds keep_alive{30};
    // How long the broker keeps messages for us when we are away.
    std::chrono::seconds session_expiry = std::chrono::hours{7 * 24};
    std::uint16_t receive_maximum = 1000;  // messages the broker sends before we acknowledge
    std::size_t max_packet_size = std::size_t{256} * 1024;  // bytes
    std::chrono::milliseconds min_backoff{500};
    std::chrono::milliseconds max_backoff{30'000};
};

class Uplink final : public AckSink, public MetricSource, public HealthSource {
public:
    // `io` is the context of the MQTT thread, `intake` the Intake of that thread. Everything must
    // outlive the uplink.
    Uplink(
        boost::asio::io_context& io,
        const UplinkOptions& options,
        ingest::Intake& intake,
        const Clock& clock,
        Random& random,
        Log& log
    );
    Uplink(const Uplink&) = delete;
    Uplink& operator=(const Uplink&) = delete;
    // The io_context must not run any more.
    ~Uplink() override;

    // Begins to connect, and keeps on until stop(). On the MQTT thread, or before it runs.
    // Errors: invalid_argument (an option, a certificate file); health() says it, too.
    Status start();
    // Says good-bye; the broker keeps the session. On the MQTT thread, which should run on for a
    // moment so that the good-bye can leave.
    void stop();

    // Posts to the MQTT thread. Tokens of an earlier connection are ignored: the broker delivers
    // those messages again.
    void committed(std::span<const AckToken> tokens) noexcept override;  // any thread
    void collect(MetricSink& sink) const override;                       // any thread
    Health health() const override;                                      // any thread

private:
    class Implementation;
    std::shared_ptr<Implementation> implementation_;
};

}  // namespace modax::mqtt
