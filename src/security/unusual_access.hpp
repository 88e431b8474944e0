// Watches accesses and refusals on their way to the audit log, and tells of what is unusual: in the
// audit log, the log, on /metrics, and to whoever wants to know. Blocks nobody. Source:
// PROMISES 3.4
// ("Unusual access"). Owned by app.
#pragma once

#include "core/audit.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/security_event.hpp"
#include "security/access_profile.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace modax::security {

// Thread-safe. Equal events of one actor are told once an hour, with the count of those between.
class UnusualAccess final : public AuditTrail, public MetricSource {
public:
    // The objects must outlive this one.
    UnusualAccess(AuditTrail& trail, AccessProfileStore& store, const Clock& clock, Log& log);

    // What was learned before the last stop. Errors: those of the store.
    Status load();
    // Who is told of events, on the thread that saw the access. Before the first access.
    void report_to(SecurityEventSink sink);

    // AuditTrail
    void access(AuditEntry entry) noexcept override;
    void refusal(AuditEntry entry) noexcept override;
    void served(std::string_view actor, std::uint64_t bytes) noexcept override;
    // A key that was revoked, has ended, or came from a network that it is not for.
    void refused_key(
        std::string_view key_id, std::string_view reason, std::string_view address
    ) noexcept;

    // Every second or so: whether the clock has stepped.
    void look();
    // Writes down what has changed since the last time. Errors: those of the store.
    Status save();

    // modax_security_events_total{rule}
    void collect(MetricSink& sink) const override;

private:
    struct Told {
        Timestamp at;
        std::uint64_t since = 0;
    };

    void observe(const AuditEntry& entry);
    void count_refusal(const AuditEntry& entry);
    AccessProfile* profile_of(std::string_view actor);
    void raise(
        std::string_view rule, std::string_view actor, std::string_view source, std::string evidence
    );
    // Tells outside the lock.
    void tell() noexcept;

    AuditTrail& trail_;
    AccessProfileStore& store_;
    const Clock& clock_;
    Log& log_;
    SecurityEventSink sink_;

    mutable std::mutex mutex_;
    std::map<std::string, AccessProfile, std::less<>> profiles_;
    std::set<std::string, std::less<>> changed_;
    std::map<std::string, std::deque<Timestamp>, std::less<>> refusals_;  // by source
    std::map<std::string, Told, std::less<>> told_;                       // by rule and actor
    std::map<std::string, std::uint64_t, std::less<>> events_;            // by rule
    std::vector<SecurityEvent> waiting_;
    std::optional<SteadyTime> looked_;
    Timestamp wall_at_look_;
};

}  // namespace modax::security
