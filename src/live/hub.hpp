// Where stored events meet everyone who watches live: keeps the latest state of each device and
// hands every committed batch to each subscription. Fed by the landing writer's thread; everything
// else may be called from any thread. Nothing here blocks on I/O.
#pragma once

#include "core/landing.hpp"
#include "core/metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace modax::live {

namespace detail {
class BatchQueue;
class Subscribers;
class LatestStates;
}  // namespace detail

struct SubscriptionOptions {
    enum class WhenFull : std::uint8_t { drop_oldest, drop_newest };

    std::string name;                 // label of the gauges; several subscriptions may share one
    std::size_t max_events = 20'000;  // queued; one batch is always taken, however large
    WhenFull when_full = WhenFull::drop_oldest;
    // Called on the writer's thread when the queue was empty and is no longer; return at once,
    // never throw, don't destroy the subscription in it. Usually posts to the consumer's own
    // thread, which then calls take(). May be empty.
    std::function<void()> notify{};
};

// One consumer's bounded queue of batches. Destroying it unsubscribes: once the destructor has
// returned, `notify` does not run any more. May outlive the hub. Thread-safe.
class Subscription {
public:
    struct Taken {
        std::vector<std::shared_ptr<const StoredBatch>> batches;  // in order
        std::uint64_t dropped_events = 0;                         // since the last take()
    };

    Subscription(
        std::shared_ptr<detail::Subscribers> subscribers, std::shared_ptr<detail::BatchQueue> queue
    );
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription();

    // All that is queued. Never waits. With drop_oldest, what was dropped lies before the first
    // batch; with drop_newest, behind the last one.
    Taken take();

private:
    std::shared_ptr<detail::Subscribers> subscribers_;
    std::shared_ptr<detail::BatchQueue> queue_;
};

class Hub final : public StoredSink, public MetricSource {
public:
    Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;
    ~Hub() override;

    // First the latest state, then the subscriptions; so who is told of an event finds it in the
    // latest state.
    void stored(std::shared_ptr<const StoredBatch> batch) noexcept override;

    // Gets every batch that is stored from now on.
    std::unique_ptr<Subscription> subscribe(SubscriptionOptions options);

    // The latest state of a device: the newest value of each quantity and metric, merged over its
    // readings (a machine may send temperature and vibration in messages of their own), with the
    // timestamp and sequence of the newest one. An older reading only fills in what is missing.
    // `is_safe` is that of the newest reading or of a safety status that came after it.
    //
    // As flat JSON (core/flat_json.hpp), made when first asked for; nullptr without a reading.
    std::shared_ptr<const std::string> latest_json(const Device& device) const;
    std::optional<Reading> latest(const Device& device) const;
    // The newest safety status; nullptr, nullopt without one.
    std::shared_ptr<const std::string> latest_safety_json(const Device& device) const;
    std::optional<SafetyStatus> latest_safety(const Device& device) const;
    // When the newest message of the device arrived, by the gateway's clock.
    std::optional<Timestamp> last_seen(const Device& device) const;

    // Puts back what the store knows, at start. The safety status also sets the device's
    // last_is_safe, which readings without an own `is_safe` take over.
    void restore(const Reading& reading);
    void restore(const SafetyStatus& status);

    void collect(MetricSink& sink) const override;

private:
    std::shared_ptr<detail::Subscribers> subscribers_;
    std::unique_ptr<detail::LatestStates> states_;
};

}  // namespace modax::live
