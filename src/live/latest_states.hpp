// The latest state of each device. Inside live only. Thread-safe: each device has a lock of its
// own, held for a lookup, a merge or the making of one JSON text.
#pragma once

#include "core/reading.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace modax::live::detail {

// Names that one device has used, at most; the one not heard of for longest goes first.
inline constexpr std::size_t k_max_kept_metrics = 1024;

// The readings of one device, merged. Not thread-safe.
class MergedReading {
public:
    void merge(const Reading& reading);
    // A safety status that came after the readings so far.
    void set_is_safe(bool is_safe) { reading_.is_safe = is_safe; }
    bool empty() const { return reading_.device == nullptr; }
    const Reading& get() const { return reading_; }

private:
    void merge_metric(const Metric& metric, Timestamp time, std::size_t& expected);
    void add_metric(const Metric& metric, Timestamp time);

    Reading reading_;
    std::array<Timestamp, k_quantity_count> quantity_times_{};
    std::vector<Timestamp> metric_times_;  // as reading_.metrics
};

class LatestStates {
public:
    using Json = std::shared_ptr<const std::string>;

    void merge(const Reading& reading);
    void merge(const SafetyStatus& status);
    Json reading_json(const Device& device) const;
    Json safety_json(const Device& device) const;
    std::optional<Reading> reading(const Device& device) const;
    std::optional<SafetyStatus> safety(const Device& device) const;
    std::optional<Timestamp> last_seen(const Device& device) const;
    std::size_t devices() const;

private:
    struct Slot {
        std::mutex mutex;
        MergedReading reading;
        std::optional<SafetyStatus> safety;
        Timestamp last_seen{};
        // Made when asked for; null when what they show has changed since.
        Json reading_json;
        Json safety_json;
    };

    Slot* find(const Device& device) const;
    Slot& find_or_add(const Device& device);

    mutable std::shared_mutex mutex_;  // of the map, not of the slots
    std::unordered_map<const Device*, std::unique_ptr<Slot>> slots_;
};

}  // namespace modax::live::detail
