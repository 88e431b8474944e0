#include "live/batch_queue.hpp"

#include <algorithm>
#include <utility>

namespace modax::live::detail {

std::size_t BatchQueue::push(const std::shared_ptr<const StoredBatch>& batch) {
    const std::size_t incoming = batch->events.size();
    bool was_empty = false;
    std::size_t dropped = 0;
    {
        const std::lock_guard lock{mutex_};
        was_empty = queued_events_ == 0;
        const auto dropped_before = open_.dropped_events;
        const bool fits = was_empty || queued_events_ + incoming <= options_.max_events;
        if (!fits && options_.when_full == SubscriptionOptions::WhenFull::drop_newest) {
            open_.dropped_events += incoming;
        } else {
            if (!fits) make_room(incoming);
            open_.batches.push_back(batch);
            queued_events_ += incoming;
        }
        dropped = open_.dropped_events - dropped_before;
    }
    if (was_empty && options_.notify) {
        const std::lock_guard lock{notify_mutex_};
        if (!closed_) options_.notify();
    }
    return dropped;
}

void BatchQueue::make_room(std::size_t incoming) {
    auto& batches = open_.batches;
    while (first_ < batches.size() && queued_events_ + incoming > options_.max_events) {
        const std::size_t oldest = batches[first_]->events.size();
        batches[first_].reset();
        ++first_;
        queued_events_ -= oldest;
        open_.dropped_events += oldest;
    }
    // Moving the rest now and then is cheaper than each time.
    if (first_ > batches.size() / 2) {
        batches.erase(batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

Subscription::Taken BatchQueue::take() {
    Subscription::Taken taken;
    std::size_t first = 0;
    {
        const std::lock_guard lock{mutex_};
        std::swap(taken, open_);
        first = std::exchange(first_, 0);
        queued_events_ = 0;
    }
    taken.batches.erase(
        taken.batches.begin(), taken.batches.begin() + static_cast<std::ptrdiff_t>(first)
    );
    return taken;
}

void BatchQueue::close() {
    const std::lock_guard lock{notify_mutex_};
    closed_ = true;
}

std::size_t BatchQueue::queued_events() const {
    const std::lock_guard lock{mutex_};
    return queued_events_;
}

void Subscribers::add(std::shared_ptr<BatchQueue> queue) {
    const std::lock_guard lock{mutex_};
    dropped_.try_emplace(queue->name(), 0);
    auto queues = std::make_shared<Queues>(*queues_);
    queues->push_back(std::move(queue));
    queues_ = std::move(queues);
}

void Subscribers::remove(const BatchQueue* queue) {
    const std::lock_guard lock{mutex_};
    auto queues = std::make_shared<Queues>(*queues_);
    std::erase_if(*queues, [queue](const auto& known) { return known.get() == queue; });
    queues_ = std::move(queues);
}

void Subscribers::push(const std::shared_ptr<const StoredBatch>& batch) {
    std::shared_ptr<const Queues> queues;
    {
        const std::lock_guard lock{mutex_};
        queues = queues_;
    }
    for (const auto& queue : *queues) {
        const std::size_t dropped = queue->push(batch);
        if (dropped == 0) continue;
        const std::lock_guard lock{mutex_};
        dropped_[queue->name()] += dropped;
    }
}

void Subscribers::collect(MetricSink& sink) const {
    struct Figures {
        std::size_t subscriptions = 0;
        std::size_t queued = 0;
        std::uint64_t dropped = 0;
    };
    std::map<std::string, Figures, std::less<>> by_name;
    std::shared_ptr<const Queues> queues;
    {
        const std::lock_guard lock{mutex_};
        queues = queues_;
        for (const auto& [name, dropped] : dropped_) by_name[name].dropped = dropped;
    }
    for (const auto& queue : *queues) {
        Figures& figures = by_name[queue->name()];
        ++figures.subscriptions;
        figures.queued += queue->queued_events();
    }
    for (const auto& [name, figures] : by_name) {
        sink.gauge(
            "modax_live_subscriptions",
            "Consumers of live events",
            static_cast<double>(figures.subscriptions),
            {{"subscription", name}}
        );
        sink.gauge(
            "modax_live_queued_events",
            "Events waiting for a consumer",
            static_cast<double>(figures.queued),
            {{"subscription", name}}
        );
        sink.counter(
            "modax_live_dropped_events_total",
            "Stored events that a slow consumer did not get live",
            static_cast<double>(figures.dropped),
            {{"subscription", name}}
        );
    }
}

}  // namespace modax::live::detail
