// Readings, safety statuses and batches for the tests of live.
#pragma once

#include "core/live_event.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>

namespace modax::live::test {

inline Timestamp at_second(int second) {
    return from_micros(1'765'276'200'000'000) + std::chrono::seconds{second};
}

inline Reading reading_at(
    const Device& device,
    int second,
    std::initializer_list<std::pair<Quantity, double>> values,
    std::initializer_list<Metric> metrics = {}
) {
    Reading reading;
    reading.device = &device;
    reading.time = at_second(second);
    reading.received = reading.time + std::chrono::milliseconds{5};
    reading.sequence = second;
    for (const auto& [quantity, value] : values) reading[quantity] = value;
    reading.metrics = metrics;
    return reading;
}

inline SafetyStatus safety_at(const Device& device, int second, bool stopped) {
    SafetyStatus status;
    status.device = &device;
    status.time = at_second(second);
    status.received = status.time;
    status.sequence = second;
    status.emergency_stop = stopped;
    status.door_closed = true;
    status.temperature_ok = true;
    return status;
}

// `count` readings of `device`, numbered on from `first`.
inline std::shared_ptr<const StoredBatch> batch_of(
    const Device& device, std::uint64_t first, std::size_t count
) {
    auto batch = std::make_shared<StoredBatch>();
    for (std::uint64_t i = first; i < first + count; ++i) {
        batch->events.emplace_back(
            i, reading_at(device, static_cast<int>(i), {{Quantity::temperature, 20}})
        );
    }
    return batch;
}

template <class Body>
std::shared_ptr<const StoredBatch> batch_with(Body body) {
    auto batch = std::make_shared<StoredBatch>();
    batch->events.emplace_back(1, std::move(body));
    return batch;
}

}  // namespace modax::live::test
