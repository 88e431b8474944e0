// The way from the landing store to the plant's PostgreSQL: what waits (PlantSpool, kept by the
// landing store), where it goes (PlantStore), and what store::Forwarder carries between them.
#pragma once

#include "core/analysis.hpp"
#include "core/operations.hpp"
#include "core/reading.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace modax {

// Rows that go together; each kind in the order in which it was stored.
struct PlantBatch {
    std::vector<Reading> readings{};
    std::vector<SafetyStatus> safety{};
    std::vector<AnalysisRecord> analyses{};
    std::vector<ProductionOrder> orders{};
    std::vector<ProductionReport> reports{};
    std::vector<InspectionReport> inspections{};
    std::vector<EquipmentStatus> statuses{};

    std::size_t rows() const;
    bool empty() const { return rows() == 0; }
    // Keeps the first `count` rows, through all kinds in the order above; returns the others.
    PlantBatch split(std::size_t count);
};

// Up to where the landing store has been forwarded.
struct PlantPosition {
    std::uint64_t events = 0;    // of the stream of readings and safety statuses
    std::uint64_t analyses = 0;  // their ids
    std::uint64_t changes = 0;   // of orders, reports, inspections and states
    // Readings and safety statuses from before the stream log, by the key of their tables.
    enum class Backfill : std::uint8_t { done, readings, safety };
    struct Place {
        std::int64_t hour = 0;
        std::int64_t device = 0;
        std::int64_t time = 0;
        std::int64_t sequence = 0;
        bool operator==(const Place&) const = default;
    };
    Backfill backfill = Backfill::done;
    Place after{};
    bool operator==(const PlantPosition&) const = default;
};

// What waits behind a position.
struct PlantRows {
    PlantBatch batch{};
    PlantPosition end{};
    std::optional<Timestamp> oldest{};  // arrival of the oldest event in the batch
};

// Nothing in it is deleted before forwarded() has said so. next() and forwarded() from one thread.
class PlantSpool {
public:
    virtual ~PlantSpool() = default;
    virtual PlantPosition position() const = 0;
    // At most about `limit` rows and some MiB. `end` equals `from` when nothing waits; the batch
    // may be empty all the same.
    virtual Result<PlantRows> next(const PlantPosition& from, std::size_t limit) = 0;
    // Everything up to `through` is in the plant store, but for `refused`, which is kept in the
    // quarantine; durable when it returns.
    virtual Status forwarded(
        const PlantPosition& through, std::span<const RejectedMessage> refused
    ) = 0;
    // Number of the newest event; from memory, any thread.
    virtual std::uint64_t last_event() const = 0;
};

struct PlantFailure {
    enum class Kind : std::uint8_t {
        unavailable,    // no connection, no answer: the same again later
        rejected,       // a value of some row (SQLSTATE classes 22 and 23)
        misconfigured,  // a person must do something: rights, schema, address
        stopped,
    };
    Kind kind = Kind::unavailable;
    std::string detail{};
};

struct PlantWritten {
    std::uint64_t rows = 0;
    std::uint64_t duplicates = 0;  // of them, were there already
};

class PlantStore {
public:
    virtual ~PlantStore() = default;
    // All of it, committed, or nothing; what is there already stays as it is. Returns soon after a
    // stop request, and after its own timeouts when the server hangs.
    virtual tl::expected<PlantWritten, PlantFailure> write(
        const PlantBatch& batch, const std::stop_token& stop
    ) = 0;
};

}  // namespace modax
