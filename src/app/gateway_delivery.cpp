// Deliveries into other systems: after operations, whose events they take.
#include "app/gateway_parts.hpp"

namespace modax::app {

Status Gateway::Parts::build_delivery() {
    auto made = Deliveries::make(config, *store, files, clock, random, *log);
    if (!made) return tl::make_unexpected(made.error());
    deliveries = std::move(*made);
    auto sinks = deliveries->sinks();
    sinks.insert(sinks.begin(), news.get());
    store->tell_events_to(deliveries.get(), std::move(sinks));
    metrics.add(*deliveries);
    return deliveries->start();
}

}  // namespace modax::app
