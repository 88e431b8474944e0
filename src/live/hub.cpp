#include "live/hub.hpp"

#include "live/batch_queue.hpp"
#include "live/latest_states.hpp"

#include <utility>

namespace modax::live {

Subscription::Subscription(
    std::shared_ptr<detail::Subscribers> subscribers, std::shared_ptr<detail::BatchQueue> queue
)
    : subscribers_{std::move(subscribers)}, queue_{std::move(queue)} {}

Subscription::~Subscription() {
    queue_->close();
    subscribers_->remove(queue_.get());
}

Subscription::Taken Subscription::take() {
    return queue_->take();
}

Hub::Hub()
    : subscribers_{std::make_shared<detail::Subscribers>()},
      states_{std::make_unique<detail::LatestStates>()} {}

Hub::~Hub() = default;

void Hub::stored(std::shared_ptr<const StoredBatch> batch) noexcept {
    if (batch->events.empty()) return;
    for (const LiveEvent& event : batch->events) {
        if (const Reading* reading = event.reading()) {
            states_->merge(*reading);
        } else {
            states_->merge(*event.safety());
        }
    }
    subscribers_->push(batch);
}

std::unique_ptr<Subscription> Hub::subscribe(SubscriptionOptions options) {
    auto queue = std::make_shared<detail::BatchQueue>(std::move(options));
    subscribers_->add(queue);
    return std::make_unique<Subscription>(subscribers_, std::move(queue));
}

std::shared_ptr<const std::string> Hub::latest_json(const Device& device) const {
    return states_->reading_json(device);
}

std::optional<Reading> Hub::latest(const Device& device) const {
    return states_->reading(device);
}

std::shared_ptr<const std::string> Hub::latest_safety_json(const Device& device) const {
    return states_->safety_json(device);
}

std::optional<SafetyStatus> Hub::latest_safety(const Device& device) const {
    return states_->safety(device);
}

std::optional<Timestamp> Hub::last_seen(const Device& device) const {
    return states_->last_seen(device);
}

void Hub::restore(const Reading& reading) {
    states_->merge(reading);
}

void Hub::restore(const SafetyStatus& status) {
    states_->merge(status);
    status.device->set_last_is_safe(status.is_safe());
}

void Hub::collect(MetricSink& sink) const {
    sink.gauge(
        "modax_live_devices",
        "Devices of which something was stored",
        static_cast<double>(states_->devices())
    );
    subscribers_->collect(sink);
}

}  // namespace modax::live
