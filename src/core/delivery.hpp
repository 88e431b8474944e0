// Deliveries of business events to other systems: what the outbox holds, and the ports around the
// dispatcher. Source: PROMISES P5 and 2.3. The rows are landing's, the calls are those of
// connectors, the rules between them are in delivery.
#pragma once

#include "core/audit.hpp"
#include "core/business_event.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

// An entry of the outbox: one event for one connector. States, as stored: "queued", "in_flight",
// "in_doubt" (may have arrived: looked up there before it is sent again, or for a person),
// "delivered", "dead" (can't succeed as it is), "discarded" (a person gave it up).
struct Delivery {
    std::uint64_t id = 0;
    std::string connector;
    std::string state;
    unsigned attempts = 0;
    Timestamp created;
    Timestamp next_attempt;
    std::int64_t lease = 0;  // token of the claim
    std::string request;     // as sent last, secrets redacted
    std::string answer;      // to it
    std::string reason;      // for the state, for people
    BusinessEvent event;
};

// What a finished attempt leaves behind.
struct DeliveryResult {
    std::string state;
    unsigned attempts = 0;
    Timestamp next_attempt;
    std::string request;
    std::string answer;
    std::string reason;
};

// The next attempt of what waits for a person.
inline constexpr Timestamp k_never = Timestamp::max();

struct OutboxFigures {
    std::uint64_t waiting = 0;  // queued or in flight
    std::uint64_t in_doubt = 0;
    std::uint64_t dead = 0;
    Timestamp oldest;  // when the oldest that waits was queued; only with waiting > 0
};

struct OutboxQuery {
    std::string state;        // empty: all
    std::string connector;    // empty: all
    std::uint64_t after = 0;  // ids above it, oldest first
    std::size_t limit = 100;
};

// Thread-safe; blocks on the disk.
class OutboxStore {
public:
    virtual ~OutboxStore() = default;
    // At start, before the first claim: what was in flight when the process ended is in doubt.
    virtual Status release_claims() = 0;
    // Takes a delivery that is due, doubts first, of an object whose older deliveries to this
    // connector are all delivered or discarded. Durable on return; `state` is the one before the
    // claim.
    virtual Result<std::optional<Delivery>> claim(
        std::string_view connector, Timestamp now, Timestamp lease_until
    ) = 0;
    // not_found when the claim is not held any more.
    virtual Status finish(const Delivery& claimed, const DeliveryResult& result) = 0;
    virtual Result<OutboxFigures> outbox_figures(std::string_view connector) const = 0;

    virtual Result<std::vector<Delivery>> deliveries(const OutboxQuery& query) const = 0;
    virtual Result<Delivery> delivery(std::uint64_t id) const = 0;  // not_found
    // A person decides: a dead one, or one in doubt, is queued again or given up. already_exists
    // when it is in no such state. The audit row is in the same transaction.
    virtual Status retry_delivery(std::uint64_t id, const AuditEntry& record) = 0;
    virtual Status discard_delivery(std::uint64_t id, const AuditEntry& record) = 0;
};

// How a call of the other system went.
enum class CallOutcome : std::uint8_t {
    delivered,
    permanent,      // refused, and would be again
    transient,      // not taken now
    configuration,  // the connector is wrong or not let in: a person must act
    ambiguous,      // may have been taken
};
std::string_view name_of(CallOutcome outcome);

struct CallResult {
    CallOutcome outcome = CallOutcome::transient;
    std::string reason;
    std::string request;  // secrets redacted
    std::string answer;
    std::optional<std::chrono::seconds> retry_after;
};

// One connector's way to its system. Used by one thread; only interrupt() by any.
class DeliveryChannel {
public:
    virtual ~DeliveryChannel() = default;
    virtual CallResult send(const Delivery& delivery) = 0;
    // Whether the other system keeps a second request of the same delivery from a second effect.
    virtual bool repeatable() const = 0;
    virtual bool can_look_up() const = 0;
    // delivered: it is there; permanent: it is not; otherwise the question failed.
    virtual CallResult look_up(const Delivery& delivery) = 0;
    // Ends the call under way, for the stop of the gateway.
    virtual void interrupt() noexcept = 0;
};

// What runs, for people.
struct ConnectorState {
    std::string name;
    std::string file;
    std::vector<std::string> events;
    std::string url;
    bool circuit_open = false;
    std::string last_problem;
};

class ConnectorList {
public:
    virtual ~ConnectorList() = default;
    virtual std::vector<ConnectorState> connectors() const = 0;
};

}  // namespace modax
