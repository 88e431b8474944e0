// The audit log as every interface sees it: who did what to which object, from where, with which
// result. Source: PROMISES P9 and 2.4. Implemented by security (recording, aggregation, the chain)
// and by the landing store (the rows).
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

// Never holds a secret, nor a body that may have one.
struct AuditEntry {
    enum class Result : std::uint8_t { ok, refused, failed };

    Timestamp time;      // of the first event that is counted here
    std::string actor;   // "key:1a2B3c4D", "user:mes-integration", "certificate:…", "anonymous"
    std::string source;  // the address it came from; "local" for the command line
    std::string via;     // "rest", "websocket", "mqtt", "opcua", "cli", "gateway"
    std::string action;  // "<resource>.<verb>": "readings.read", "key.create", "session.open"
    std::string object;  // "device:cnc-01", "key:1a2B3c4D", "topic:modax/sensor/data/#"; or empty
    Result result = Result::ok;
    std::string detail;       // why it was refused, what changed; for people
    std::string request_id;   // of the request, where there is one
    std::string before_hash;  // SHA-256 (hex) of the object before and after a change; or empty
    std::string after_hash;
    std::uint64_t count = 1;  // equal events that this entry stands for

    bool operator==(const AuditEntry&) const = default;
};

struct AuditRow {
    std::uint64_t sequence = 0;  // from 1, without gaps
    AuditEntry entry;
    std::int64_t monotonic_micros = 0;  // when it was written, by the clock that never steps
    std::string boot_id;                // of the machine's run which that clock belongs to
    std::string hash;   // 32 raw bytes: HMAC-SHA256(k, hash of the row before || canonical(row))
    bool sound = true;  // false: the store holds something that nobody writes there
};

// The hash of the row before the first one.
inline const std::string k_audit_origin = std::string(32, '\0');

// A signed row of the chain, published outside the database as well, so that a cut tail shows.
struct AuditCheckpoint {
    std::uint64_t sequence = 0;
    std::string hash;  // of the row of that sequence
    Timestamp time;
    std::string signature;  // 64 raw bytes: Ed25519 over the three
    bool operator==(const AuditCheckpoint&) const = default;
};

// Computes the chain; thread-safe. Called inside the transaction that adds the row.
class AuditSeal {
public:
    virtual ~AuditSeal() = default;
    // Fills in when the row is written (monotonic_micros, boot_id) and its hash; the rest is there.
    virtual void seal(std::string_view previous_hash, AuditRow& row) const = 0;
};

// Which rows: every field that is set must match; texts with '*' as wildcard.
struct AuditQuery {
    std::optional<Timestamp> start{};  // inclusive
    std::optional<Timestamp> end{};    // exclusive
    std::string actor{};
    std::string action{};
    std::string object{};
    std::optional<AuditEntry::Result> result{};
    std::uint64_t before = 0;  // sequences below it, newest first; 0: from the newest
    std::size_t limit = 100;
};

// Where rows are kept. Thread-safe; blocks on the disk, so never on an I/O thread. Changes of other
// tables take an AuditEntry with them and write it in their own transaction.
class AuditStore {
public:
    virtual ~AuditStore() = default;
    // All rows in one transaction, synced.
    virtual Status append(std::span<const AuditEntry> entries) = 0;
    // Newest first.
    virtual Result<std::vector<AuditRow>> audit_rows(const AuditQuery& query) const = 0;
    // Oldest first from `sequence`, for verification and export; stops when `each` says false. In
    // steps, so rows that come meanwhile are seen.
    virtual Status each_audit_row(
        std::uint64_t from_sequence, const std::function<bool(const AuditRow&)>& each
    ) const = 0;

    virtual Status add(const AuditCheckpoint& checkpoint) = 0;
    // Oldest first.
    virtual Result<std::vector<AuditCheckpoint>> audit_checkpoints() const = 0;
    // Deletes the rows up to and with that of the checkpoint, and all checkpoints before it;
    // appends `record`, which says so, in the same transaction. The checkpoint stays.
    virtual Status cut_audit(const AuditCheckpoint& at, const AuditEntry& record) = 0;
};

// Where the interfaces tell of accesses and refusals. Thread-safe; returns at once, so it may be
// called on an I/O thread: rows are written behind it, within a second.
class AuditTrail {
public:
    virtual ~AuditTrail() = default;
    // A read or a session of an external system: one row for each actor, action, object and minute,
    // with the count of the rest of the minute in a second one.
    virtual void access(AuditEntry entry) noexcept = 0;
    // A refusal: a row each, above a rate collapsed into one with a count.
    virtual void refusal(AuditEntry entry) noexcept = 0;
    // Bytes that `actor` was answered, told with its accesses. No row: for who watches volumes.
    virtual void served(std::string_view /*actor*/, std::uint64_t /*bytes*/) noexcept {}
};

}  // namespace modax
