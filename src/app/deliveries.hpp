// The connectors of a gateway: their channels and dispatchers, and who of them wants an event.
// Owned by the gateway; what it shows is thread-safe.
#pragma once

#include "config/config.hpp"
#include "connectors/channel.hpp"
#include "core/clock.hpp"
#include "core/delivery.hpp"
#include "core/file_system.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/random.hpp"
#include "delivery/dispatcher.hpp"

#include <memory>
#include <vector>

namespace modax::app {

class Deliveries final : public EventRouter, public ConnectorList, public MetricSource {
public:
    // Reads the connector files and their secrets. Errors: invalid_argument, not_found, io_error.
    static Result<std::unique_ptr<Deliveries>> make(
        const config::Config& config,
        OutboxStore& outbox,
        const FileSystem& files,
        const Clock& clock,
        Random& random,
        Log& log
    );
    Deliveries(const Deliveries&) = delete;
    Deliveries& operator=(const Deliveries&) = delete;
    ~Deliveries() override = default;

    // Puts in doubt what an earlier run left in flight, then starts to deliver.
    Status start();
    void stop();
    std::vector<BusinessEventSink*> sinks();

    std::vector<std::string> connectors_for(const BusinessEvent& event) const override;
    std::vector<ConnectorState> connectors() const override;
    void collect(MetricSink& sink) const override;

private:
    struct One {
        std::unique_ptr<connectors::Channel> channel;
        std::unique_ptr<delivery::Dispatcher> dispatcher;
    };

    Deliveries(OutboxStore& outbox, connectors::NetworkRules rules);

    OutboxStore& outbox_;
    const connectors::NetworkRules rules_;
    const connectors::Jq jq_;
    std::vector<One> all_;
};

}  // namespace modax::app
