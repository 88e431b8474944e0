#include "opcua/feed.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace modax::opcua {
namespace {

// Long enough that a burst becomes one write for each node, short beside a publishing interval.
constexpr std::chrono::milliseconds k_pause{10};
constexpr std::chrono::seconds k_age_interval{1};
constexpr std::size_t k_max_turns = 1000;
// Part 5, section 6.4.2: 667 and above are urgent.
constexpr std::uint16_t k_safety_severity = 900;
constexpr std::uint16_t k_gateway_severity = 800;
constexpr std::uint16_t k_communication_severity = 500;

std::uint16_t severity_of(double score) {
    return static_cast<std::uint16_t>(std::clamp(std::lround(score * 1000), 1L, 1000L));
}

}  // namespace

Feed::Feed(Parts parts, Staleness staleness, std::function<void()> upkeep)
    : parts_{std::move(parts)},
      staleness_{staleness},
      upkeep_{std::move(upkeep)},
      alarms_{{parts_.server, parts_.access, parts_.desk, parts_.trail, parts_.clock, parts_.log}} {
    if (parts_.operations == nullptr) return;
    production_.emplace(parts_.server, *parts_.operations, parts_.log);
}

Status Feed::start() {
    if (auto added = alarms_.add_gateway(); !added) return added;
    if (production_) {
        if (auto added = production_->add(); !added) return added;
    }
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
    const AlarmTurn turn{analysis.has_anomaly, analysis.acknowledged, analysis.event};
    if (auto& last = last_turn_[analysis.device]; last != turn) {
        last = turn;
        turns_.push_back(analysis);
        if (turns_.size() > k_max_turns) {
            turns_.pop_front();
            ++dropped_alarms_;
        }
    }
    woken_ = true;
    wake_.notify_one();
}

void Feed::order_changed(std::string order_id) {
    if (!production_) return;
    production_->changed(std::move(order_id));
    const std::lock_guard lock{mutex_};
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
            show_alarms();
            if (production_) production_->show();
            if (parts_.clock.steady_now() >= next_age_) {
                age();
                look_at_gateway();
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
        show_alarms_of(each->device, each->nodes);
    }
}

void Feed::show_alarms() {
    alarms_.acknowledge_asked();
    std::deque<Analysis> turns;
    {
        const std::lock_guard lock{mutex_};
        turns.swap(turns_);
    }
    for (const Analysis& analysis : turns) {
        if (entry(*analysis.device) == nullptr) continue;
        AlarmState state;
        state.active = analysis.has_anomaly;
        state.acknowledged = !analysis.has_anomaly || analysis.acknowledged;
        state.severity = severity_of(analysis.anomaly_score);
        state.message = analysis.message;
        state.since = analysis.since.value_or(analysis.time);
        alarms_.set(analysis.device, AlarmKind::anomaly, std::move(state));
    }
}

// The machine's safety and its silence, as its nodes show them.
void Feed::show_alarms_of(const Device& device, const DeviceNodes& nodes) {
    const auto now = parts_.clock.now();
    if (const auto safe = nodes.is_safe()) {
        alarms_.set(
            &device,
            AlarmKind::safety,
            {!*safe, true, k_safety_severity, nodes.safety_message(), now}
        );
    }
    const bool silent = nodes.is_silent();
    alarms_.set(
        &device,
        AlarmKind::communication,
        {silent,
         true,
         k_communication_severity,
         device.id() + (silent ? " sends nothing any more" : " sends"),
         now}
    );
}

void Feed::look_at_gateway() {
    AlarmState state{false, true, k_gateway_severity, "every part is ready", parts_.clock.now()};
    for (const HealthSource* source : parts_.health) {
        const Health health = source->health();
        if (health.ready || state.active) continue;
        state.active = true;
        state.message = health.part + ": " + health.detail;
    }
    alarms_.set(nullptr, AlarmKind::gateway, std::move(state));
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
        show_alarms_of(each->device, each->nodes);
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
    if (added) added = alarms_.add(device);
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
