// The queue behind one subscription, and the list of all of them. Inside live only.
#pragma once

#include "core/metrics.hpp"
#include "live/hub.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace modax::live::detail {

// Thread-safe.
class BatchQueue {
public:
    explicit BatchQueue(SubscriptionOptions options) : options_{std::move(options)} {}

    // Writer's thread. Notifies when the queue was empty. Returns how many events were dropped.
    std::size_t push(const std::shared_ptr<const StoredBatch>& batch);
    Subscription::Taken take();
    // Nothing is queued or notified any more once it has returned.
    void close();

    const std::string& name() const { return options_.name; }
    std::size_t queued_events() const;

private:
    // Drops until `incoming` events fit.
    void make_room(std::size_t incoming);

    SubscriptionOptions options_;
    mutable std::mutex mutex_;
    Subscription::Taken open_;
    std::size_t first_ = 0;  // batches before it were dropped
    std::size_t queued_events_ = 0;
    // Held while notifying and not while queueing, so that the consumer may take() meanwhile and
    // close() still waits for a running notify.
    std::mutex notify_mutex_;
    bool closed_ = false;  // guarded by notify_mutex_
};

// Thread-safe. Shared by the hub and its subscriptions, so that either may go first.
class Subscribers {
public:
    void add(std::shared_ptr<BatchQueue> queue);
    void remove(const BatchQueue* queue);
    void push(const std::shared_ptr<const StoredBatch>& batch);
    void collect(MetricSink& sink) const;

private:
    using Queues = std::vector<std::shared_ptr<BatchQueue>>;

    mutable std::mutex mutex_;
    std::shared_ptr<const Queues> queues_ = std::make_shared<const Queues>();
    // By name, and kept when a subscription ends, as a counter never falls.
    std::map<std::string, std::uint64_t, std::less<>> dropped_;
};

}  // namespace modax::live::detail
