// The ports around the landing store: what goes in as a group, what comes back when the group is
// stored (on disk, synced), and how readings are read again.
#pragma once

#include "core/broker_state.hpp"
#include "core/live_event.hpp"
#include "core/reading.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace modax {

class AckSink;

// Tells a sender that its message is stored. Copied around freely.
struct AckToken {
    AckSink* sink = nullptr;
    std::uint64_t connection = 0;  // the sink's own number
    std::uint16_t packet_id = 0;
    std::uint8_t qos = 0;
};

// A listener that holds acknowledgements back.
class AckSink {
public:
    virtual ~AckSink() = default;
    // The messages of these tokens are stored; tokens are in order of arrival. Called on the
    // writer's thread after the sync and after the Hub has seen the data: return at once, never
    // throw. Also the sign that there is room again. `tokens` holds only this sink's.
    virtual void committed(std::span<const AckToken> tokens) noexcept = 0;
};

// What one sender hands over at a time. All of it becomes durable in one transaction.
struct IngestGroup {
    std::vector<Reading> readings;
    std::vector<SafetyStatus> safety;
    std::vector<RejectedMessage> rejected;
    std::vector<BrokerChange> broker_changes;
    std::vector<AckToken> acks;  // in order of arrival

    std::size_t items() const { return readings.size() + safety.size() + rejected.size(); }
    bool empty() const { return items() == 0 && broker_changes.empty() && acks.empty(); }
};

// Where groups are handed over. Thread-safe; never blocks.
class GroupWriter {
public:
    // acknowledged: nothing of it may be dropped, so the sender must stop reading when full() is
    // true; fire_and_forget (QoS 0): waits in a queue of its own, written after the other.
    enum class Lane : std::uint8_t { acknowledged, fire_and_forget };

    virtual ~GroupWriter() = default;
    // Always takes an acknowledged group (the sender stops at full()). Refuses a fire_and_forget
    // group, leaving it as it was, when that lane has no room: the sender drops and counts.
    virtual bool submit(IngestGroup& group, Lane lane) = 0;
    virtual bool full(Lane lane) const = 0;
};

// Gets every committed batch, on the writer's thread, before the acknowledgements leave: return
// soon, never throw.
class StoredSink {
public:
    virtual ~StoredSink() = default;
    virtual void stored(std::shared_ptr<const StoredBatch> batch) noexcept = 0;
};

// What happened to the items of committed groups; added up in `Accounting`.
struct IngestOutcome {
    std::uint64_t stored = 0;  // readings and safety statuses
    std::uint64_t duplicates = 0;
    std::uint64_t quarantined = 0;
};
class OutcomeSink {
public:
    virtual ~OutcomeSink() = default;
    virtual void committed(const IngestOutcome& outcome) noexcept = 0;
};

struct HistoryQuery {
    const Device* device = nullptr;
    Timestamp start;  // inclusive
    Timestamp end;    // exclusive
    std::size_t limit = 1000;
    // Continue behind this reading (its identity), for cursor paging.
    struct After {
        Timestamp time;
        std::int64_t sequence = 0;
    };
    std::optional<After> after;
    bool newest_first = false;
};

struct QuarantinedMessage {
    std::uint64_t id = 0;
    RejectedMessage message;
};

// Reads what is stored. Thread-safe; blocks on the disk, so never on an I/O thread. A reading
// acknowledged before the call is seen by it.
class ReadingReader {
public:
    virtual ~ReadingReader() = default;
    // Calls `each` for up to `limit` readings by time (then sequence); stops early when it returns
    // false.
    virtual Status history(
        const HistoryQuery& query, const std::function<bool(const Reading&)>& each
    ) const = 0;
    // Events with stream sequence above `since`, in order, at most `limit`; only for `device` when
    // it is not null. not_found when `since` is older than what is kept for replay.
    virtual Status replay(
        std::uint64_t since,
        std::size_t limit,
        const Device* device,
        const std::function<bool(const LiveEvent&)>& each
    ) const = 0;
    // The newest stored reading and safety status of each device, for a start.
    virtual Status latest(
        const std::function<void(Reading&&)>& each_reading,
        const std::function<void(SafetyStatus&&)>& each_safety
    ) const = 0;
    virtual std::uint64_t last_stream_sequence() const = 0;
    // Newest first, ids below `before` (0: from the newest).
    virtual Result<std::vector<QuarantinedMessage>> quarantine(
        std::uint64_t before, std::size_t limit
    ) const = 0;
};

}  // namespace modax
