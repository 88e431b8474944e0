#include "live/latest_states.hpp"

#include "core/flat_json.hpp"

#include <algorithm>
#include <utility>

namespace modax::live::detail {

void MergedReading::merge(const Reading& reading) {
    if (empty() || reading.time >= reading_.time) {
        reading_.device = reading.device;
        reading_.time = reading.time;
        reading_.received = reading.received;
        reading_.sequence = reading.sequence;
        if (reading.is_safe) reading_.is_safe = reading.is_safe;
    }
    for (std::size_t i = 0; i < k_quantity_count; ++i) {
        if (std::isnan(reading.quantities[i])) continue;
        if (!std::isnan(reading_.quantities[i]) && reading.time < quantity_times_[i]) continue;
        reading_.quantities[i] = reading.quantities[i];
        quantity_times_[i] = reading.time;
    }
    std::size_t expected = 0;
    for (const Metric& metric : reading.metrics) merge_metric(metric, reading.time, expected);
}

// A machine sends its metrics in the same order each time: the next one is usually where `expected`
// says.
void MergedReading::merge_metric(const Metric& metric, Timestamp time, std::size_t& expected) {
    auto& metrics = reading_.metrics;
    if (expected >= metrics.size() || metrics[expected].name != metric.name) {
        const auto found =
            std::find_if(metrics.begin(), metrics.end(), [&metric](const auto& kept) {
                return kept.name == metric.name;
            });
        if (found == metrics.end()) {
            add_metric(metric, time);
            expected = metrics.size();
            return;
        }
        expected = static_cast<std::size_t>(found - metrics.begin());
    }
    if (time >= metric_times_[expected]) {
        metrics[expected].value = metric.value;
        metric_times_[expected] = time;
    }
    ++expected;
}

void MergedReading::add_metric(const Metric& metric, Timestamp time) {
    if (reading_.metrics.size() == k_max_kept_metrics) {
        const auto oldest = std::min_element(metric_times_.begin(), metric_times_.end());
        reading_.metrics.erase(reading_.metrics.begin() + (oldest - metric_times_.begin()));
        metric_times_.erase(oldest);
    }
    reading_.metrics.push_back(metric);
    metric_times_.push_back(time);
}

LatestStates::Slot* LatestStates::find(const Device& device) const {
    const std::shared_lock lock{mutex_};
    const auto found = slots_.find(&device);
    return found == slots_.end() ? nullptr : found->second.get();
}

LatestStates::Slot& LatestStates::find_or_add(const Device& device) {
    if (Slot* known = find(device)) return *known;
    const std::unique_lock lock{mutex_};
    auto& slot = slots_[&device];
    if (!slot) slot = std::make_unique<Slot>();
    return *slot;
}

void LatestStates::merge(const Reading& reading) {
    Slot& slot = find_or_add(*reading.device);
    const std::lock_guard lock{slot.mutex};
    slot.reading.merge(reading);
    slot.reading_json.reset();
    slot.last_seen = std::max(slot.last_seen, reading.received);
}

void LatestStates::merge(const SafetyStatus& status) {
    Slot& slot = find_or_add(*status.device);
    const std::lock_guard lock{slot.mutex};
    slot.last_seen = std::max(slot.last_seen, status.received);
    if (slot.safety && status.time < slot.safety->time) return;
    slot.safety = status;
    slot.safety_json.reset();
    // By order of arrival, not by time: the clocks of a machine and of its safety controller may
    // differ, and a stop must show at once.
    slot.reading.set_is_safe(status.is_safe());
    slot.reading_json.reset();
}

LatestStates::Json LatestStates::reading_json(const Device& device) const {
    Slot* slot = find(device);
    if (slot == nullptr) return nullptr;
    const std::lock_guard lock{slot->mutex};
    if (slot->reading.empty()) return nullptr;
    if (!slot->reading_json) {
        std::string json;
        append_flat_json(json, slot->reading.get());
        slot->reading_json = std::make_shared<const std::string>(std::move(json));
    }
    return slot->reading_json;
}

LatestStates::Json LatestStates::safety_json(const Device& device) const {
    Slot* slot = find(device);
    if (slot == nullptr) return nullptr;
    const std::lock_guard lock{slot->mutex};
    if (!slot->safety) return nullptr;
    if (!slot->safety_json) {
        std::string json;
        append_flat_json(json, *slot->safety);
        slot->safety_json = std::make_shared<const std::string>(std::move(json));
    }
    return slot->safety_json;
}

std::optional<Reading> LatestStates::reading(const Device& device) const {
    Slot* slot = find(device);
    if (slot == nullptr) return std::nullopt;
    const std::lock_guard lock{slot->mutex};
    if (slot->reading.empty()) return std::nullopt;
    return slot->reading.get();
}

std::optional<SafetyStatus> LatestStates::safety(const Device& device) const {
    Slot* slot = find(device);
    if (slot == nullptr) return std::nullopt;
    const std::lock_guard lock{slot->mutex};
    return slot->safety;
}

std::optional<Timestamp> LatestStates::last_seen(const Device& device) const {
    Slot* slot = find(device);
    if (slot == nullptr) return std::nullopt;
    const std::lock_guard lock{slot->mutex};
    return slot->last_seen;
}

std::size_t LatestStates::devices() const {
    const std::shared_lock lock{mutex_};
    return slots_.size();
}

}  // namespace modax::live::detail
