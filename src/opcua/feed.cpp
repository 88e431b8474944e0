#include "opcua/feed.hpp"

#include <utility>

namespace modax::opcua {
namespace {

// Long enough that a burst becomes one write for each node, short beside a publishing interval.
constexpr std::chrono::milliseconds k_pause{10};
constexpr std::chrono::seconds k_age_interval{1};

}  // namespace

Feed::Feed(Parts parts, Staleness staleness, std::function<void()> upkeep)
    : parts_{parts}, staleness_{staleness}, upkeep_{std::move(upkeep)} {}

Status Feed::start() {
    for (const Device* device : parts_.devices.all()) {
        if (entry(*device) == nullptr) {
            return fail(Errc::io_error, "can't add the nodes of " + device->id());
        }
    }
    take_latest();
    live::SubscriptionOptions options;
    options.name = "opcua";
    options.notify = [this] {
        const std::lock_guard lock{mutex_};
        woken_ = true;
        wake_.notify_one();
    };
    subscription_ = parts_.hub.subscribe(std::move(options));
    age();
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    return {};
}

// Everything the Hub knows: at the start, and when events were dropped on the way.
void Feed::take_latest() {
    const auto steady = parts_.clock.steady_now();
    const auto now = parts_.clock.now();
    for (const Device* device : parts_.devices.all()) {
        Entry* known = entry(*device);
        if (known == nullptr) continue;
        known->touched = true;
        // What was stored before this start is as old as it is.
        const auto seen = parts_.hub.last_seen(*device);
        const auto arrived = steady - (seen && *seen < now ? now - *seen : now - now);
        if (const auto latest = parts_.hub.latest(*device)) known->nodes.take(*latest, arrived);
        if (const auto safety = parts_.hub.latest_safety(*device)) {
            known->nodes.take(*safety, arrived);
        }
    }
}

void Feed::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    subscription_.reset();
}

void Feed::analysed(const Analysis& analysis) {
    const std::lock_guard lock{mutex_};
    analyses_.insert_or_assign(analysis.device, analysis);
    woken_ = true;
    wake_.notify_one();
}

void Feed::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            {
                std::unique_lock lock{mutex_};
                wake_.wait_for(lock, stop, k_age_interval, [this] { return woken_; });
                woken_ = false;
            }
            round();
            if (parts_.clock.steady_now() >= next_age_) {
                age();
                upkeep_();
            }
            std::unique_lock lock{mutex_};
            wake_.wait_for(lock, stop, k_pause, [] { return false; });
        } catch (const std::exception& error) {
            parts_.log.error("opcua", "values can't be shown", {{"reason", error.what()}});
        }
    }
}

void Feed::round() {
    const auto now = parts_.clock.steady_now();
    const auto taken = subscription_->take();
    dropped_ += taken.dropped_events;
    if (taken.dropped_events > 0) take_latest();
    for (const auto& batch : taken.batches) {
        for (const LiveEvent& event : batch->events) take(event, now);
    }
    std::map<const Device*, Analysis> analyses;
    {
        const std::lock_guard lock{mutex_};
        analyses.swap(analyses_);
    }
    for (const auto& [device, analysis] : analyses) {
        if (Entry* known = entry(*device)) known->anomaly.write(parts_.server, analysis);
    }
    const auto wall = parts_.clock.now();
    for (auto& [number, each] : entries_) {
        if (!each || !std::exchange(each->touched, false)) continue;
        each->nodes.age(now, staleness_);
        written_ += each->nodes.write(parts_.server, wall);
    }
}

void Feed::age() {
    const auto now = parts_.clock.steady_now();
    const auto wall = parts_.clock.now();
    next_age_ = now + k_age_interval;
    std::uint64_t nodes = 0;
    for (auto& [number, each] : entries_) {
        if (!each) continue;
        each->nodes.age(now, staleness_);
        written_ += each->nodes.write(parts_.server, wall);
        nodes += each->nodes.nodes();
    }
    nodes_ = nodes;
}

Feed::Entry* Feed::entry(const Device& device) {
    const auto found = entries_.find(device.number());
    if (found != entries_.end()) return found->second.get();  // null: it failed before
    auto& slot = entries_[device.number()];
    auto made = std::make_unique<Entry>(device);
    auto added = made->nodes.add(parts_.server);
    if (added) added = made->anomaly.add(parts_.server);
    if (!added) {
        parts_.log.error(
            "opcua",
            "the nodes of a device can't be added; its values are not shown",
            {{"device", device.id()}, {"reason", added.error().detail}}
        );
        return nullptr;
    }
    slot = std::move(made);
    return slot.get();
}

void Feed::take(const LiveEvent& event, SteadyTime now) {
    Entry* known = entry(event.device());
    if (known == nullptr) return;
    known->touched = true;
    if (const auto* reading = event.reading()) known->nodes.take(*reading, now);
    if (const auto* safety = event.safety()) known->nodes.take(*safety, now);
}

}  // namespace modax::opcua
