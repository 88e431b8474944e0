// What consumers of live data receive: events that are already stored.
#pragma once

#include "core/flat_json.hpp"
#include "core/reading.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <variant>

namespace modax {

// One stored reading or safety status. Shared between threads as part of a StoredBatch, so it is
// immutable; its JSON is made once, by the first consumer that asks.
class LiveEvent {
public:
    LiveEvent(std::uint64_t stream_sequence, Reading reading)
        : stream_sequence_{stream_sequence}, body_{std::move(reading)} {}
    LiveEvent(std::uint64_t stream_sequence, SafetyStatus status)
        : stream_sequence_{stream_sequence}, body_{status} {}

    // Number in the gateway's stream of events: from 1, rising by 1, kept over restarts.
    std::uint64_t stream_sequence() const { return stream_sequence_; }
    // nullptr when the event is of the other kind.
    const Reading* reading() const { return std::get_if<Reading>(&body_); }
    const SafetyStatus* safety() const { return std::get_if<SafetyStatus>(&body_); }
    const Device& device() const {
        return *std::visit([](const auto& body) { return body.device; }, body_);
    }
    // Flat JSON of the body (core/flat_json.hpp). Thread-safe.
    const std::string& json() const {
        std::call_once(encoded_, [this] {
            std::visit([this](const auto& body) { append_flat_json(json_, body); }, body_);
        });
        return json_;
    }

private:
    std::uint64_t stream_sequence_;
    std::variant<Reading, SafetyStatus> body_;
    mutable std::once_flag encoded_;
    mutable std::string json_;
};

// The new events of one committed transaction, in order of arrival (duplicates left out).
struct StoredBatch {
    std::deque<LiveEvent> events;  // a deque, because an event can't be moved
};

}  // namespace modax
