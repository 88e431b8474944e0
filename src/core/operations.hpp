// The business of the plant as every interface sees it: production orders and what was reported of
// them, inspection lots and their results, states of equipment (ISA-95 parts 2 and 4). Rules are in
// the module operations, rows in the landing store, resources in http.
#pragma once

#include "core/audit.hpp"
#include "core/business_event.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

struct ProductionOrder {
    std::string id;                    // [A-Za-z0-9][A-Za-z0-9._-]{0,63}; SAP: AUFNR
    std::string state = "released";    // "released", "started", "interrupted", "completed"
    std::string material{};            // empty: not told; so for the other texts
    std::string operation{};           // of the routing, "0010"
    std::string unit{};                // of the quantities
    std::string device_id{};           // on which it is made
    std::optional<double> quantity{};  // ordered
    std::optional<double> ideal_cycle_seconds{};  // for one piece, at best
    std::optional<Timestamp> planned_start{};
    std::optional<Timestamp> planned_end{};
    std::optional<Timestamp> started{};
    std::optional<Timestamp> completed{};
    double yield = 0;  // good ones reported so far; SAP: GMNGA
    double scrap = 0;  // SAP: AUSSS
    double rework = 0;
    Timestamp changed{};  // by the gateway's clock
};

// Quantities made since the report before.
struct ProductionReport {
    std::string id{};  // of the event that carries it
    std::string order_id{};
    std::string device_id{};
    double yield = 0;
    double scrap = 0;
    double rework = 0;
    bool final = true;          // completes the order
    std::string reason_code{};  // of the scrap
    Timestamp time{};           // when it was made; SAP: BUDAT is its date
    Timestamp received{};
};

// A measured characteristic of a lot. Limits are inclusive; without any it can't be judged.
struct InspectionResult {
    std::string name{};
    double measured = 0;
    std::optional<double> target{};
    std::optional<double> tolerance{};  // target +/- tolerance
    std::optional<double> lower{};      // limits by themselves win over the tolerance
    std::optional<double> upper{};
    std::optional<bool> passed{};  // as the gateway computes it
};

// What one inspection of a lot found.
struct InspectionReport {
    std::string id{};  // of the event that carries it
    std::string lot_id{};
    std::string device_id{};
    std::string order_id{};
    std::string stated{};    // "passed", "failed" as sent, or empty
    std::string computed{};  // "passed", "failed" or "unknown"
    std::vector<InspectionResult> results{};
    Timestamp time{};
    Timestamp received{};
};

// A state of a machine; a downtime when status is "down" or "maintenance".
struct EquipmentStatus {
    std::string id{};  // of the event that carries it
    std::string device_id{};
    std::string status{};
    std::string reason_code{};
    Timestamp start{};               // inclusive
    std::optional<Timestamp> end{};  // exclusive; none: goes on
    Timestamp received{};
};

struct OrderQuery {
    std::string state{};      // empty: any
    std::string device_id{};  // empty: any
    std::string after{};      // ids above it
    std::size_t limit = 100;
};

struct StatusQuery {
    std::string device_id{};   // empty: any
    std::uint64_t before = 0;  // numbers below it; 0: from the newest
    std::size_t limit = 100;
};

struct NumberedStatus {
    std::uint64_t number = 0;
    EquipmentStatus status{};
};

struct Measurement {
    std::string lot_id{};
    Timestamp time{};
    InspectionResult result{};  // without a name
};

struct CapabilityQuery {
    std::string characteristic{};
    std::string device_id{};  // empty: any
    std::size_t limit = 200;  // the newest
};

// draft-ietf-httpapi-idempotency-key-header: what makes two requests the same.
struct IdempotencyKey {
    std::string scope{};      // the API key and the route
    std::string key{};        // as sent; empty: none
    std::string body_hash{};  // SHA-256
};

// A change under way: everything in it becomes durable together, or nothing.
struct BusinessChange {
    AuditEntry record{};
    std::vector<BusinessEvent> events{};
    IdempotencyKey key{};
    std::string answer{};  // JSON; that of the first request when the key is known
};

// What a change may read and write. Lives for the change only.
class OperationsTransaction {
public:
    virtual ~OperationsTransaction() = default;
    virtual Result<std::optional<ProductionOrder>> order(std::string_view id) = 0;
    virtual Status put(const ProductionOrder& order) = 0;
    virtual Status add(const ProductionReport& report) = 0;
    virtual Status add(const InspectionReport& report) = 0;
    // A downtime of the device that has an instant in common with [start, end).
    virtual Result<std::optional<EquipmentStatus>> downtime_within(
        std::string_view device_id, Timestamp start, std::optional<Timestamp> end
    ) = 0;
    // The state of the device that has no end yet.
    virtual Result<std::optional<EquipmentStatus>> open_status(std::string_view device_id) = 0;
    virtual Status end_status(std::string_view id, Timestamp end) = 0;
    virtual Status add(const EquipmentStatus& status) = 0;
};

// Rows of the above. Thread-safe; blocks on the disk, so never on an I/O thread.
class OperationsStore {
public:
    virtual ~OperationsStore() = default;
    // Runs `rules` in a transaction. An error of it undoes everything and is handed on. With an
    // idempotency key: invalid_argument when it came with another body before, already_exists while
    // that request runs; `rules` does not run again when it is done.
    virtual Status change(
        BusinessChange& change, const std::function<Status(OperationsTransaction&)>& rules
    ) = 0;
    virtual Result<std::vector<ProductionOrder>> orders(const OrderQuery& query) const = 0;
    virtual Result<std::optional<ProductionOrder>> find_order(std::string_view id) const = 0;
    // In the order in which they came.
    virtual Result<std::vector<ProductionReport>> reports(std::string_view order_id) const = 0;
    // What was made on the device, or told, within [start, end); oldest first.
    virtual Result<std::vector<ProductionReport>> reports_of(
        std::string_view device_id, Timestamp start, Timestamp end
    ) const = 0;
    virtual Result<std::vector<InspectionReport>> inspections(std::string_view lot_id) const = 0;
    // Newest first.
    virtual Result<std::vector<NumberedStatus>> statuses(const StatusQuery& query) const = 0;
    // That have an instant in common with [start, end).
    virtual Result<std::vector<EquipmentStatus>> downtimes(
        std::string_view device_id, Timestamp start, Timestamp end
    ) const = 0;
    // Oldest first.
    virtual Result<std::vector<Measurement>> measurements(const CapabilityQuery& query) const = 0;
};

// Who asks: for the audit log, and which devices he may see.
struct BusinessOrigin {
    AuditEntry origin{};
    IdempotencyKey key{};
    std::function<bool(std::string_view device_id)> may{};
};

// The rules. Thread-safe; blocks on the disk. Answers are JSON objects. Errors: invalid_argument
// ("field: what is wrong"), not_found, already_exists (the state does not allow it),
// permission_denied, and those of the store.
class Operations {
public:
    virtual ~Operations() = default;
    virtual Result<std::string> create(ProductionOrder order, const BusinessOrigin& origin) = 0;
    // `verb`: "start" or "interrupt". `device_id` may be empty.
    virtual Result<std::string> move(
        std::string_view order_id,
        std::string_view verb,
        std::string_view device_id,
        std::optional<Timestamp> time,
        const BusinessOrigin& origin
    ) = 0;
    // An order that is not known is made: it was not announced, but it was produced. Without a
    // time: now.
    virtual Result<std::string> report(
        ProductionReport report, std::optional<Timestamp> time, const BusinessOrigin& origin
    ) = 0;
    virtual Result<std::string> inspect(
        InspectionReport report, std::optional<Timestamp> time, const BusinessOrigin& origin
    ) = 0;
    virtual Result<std::string> set_status(
        EquipmentStatus status, std::optional<Timestamp> start, const BusinessOrigin& origin
    ) = 0;

    virtual Result<std::string> order_json(std::string_view id, const BusinessOrigin& origin)
        const = 0;
    virtual Result<std::string> orders_json(const OrderQuery& query, const BusinessOrigin& origin)
        const = 0;
    virtual Result<std::string> lot_json(std::string_view id, const BusinessOrigin& origin)
        const = 0;
    virtual Result<std::string> statuses_json(
        const StatusQuery& query, const BusinessOrigin& origin
    ) const = 0;
    virtual Result<std::string> capability_json(
        const CapabilityQuery& query, const BusinessOrigin& origin
    ) const = 0;
};

}  // namespace modax
