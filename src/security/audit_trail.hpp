// Writes accesses and refusals into the audit log behind the interfaces, within a second: equal
// accesses of a minute are one row for the first and one with the count of the rest; refusals above
// a rate are collapsed. Source: PROMISES P9. Owned by app.
#pragma once

#include "core/audit.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace modax::security {

// Thread-safe.
class Trail final : public AuditTrail, public MetricSource {
public:
    // Starts the thread. The objects must outlive this one.
    Trail(AuditStore& store, const Clock& clock, Log& log);
    Trail(const Trail&) = delete;
    Trail& operator=(const Trail&) = delete;
    // Writes what is there.
    ~Trail() override;

    void access(AuditEntry entry) noexcept override;
    void refusal(AuditEntry entry) noexcept override;

    // modax_audit_rows_total, modax_audit_collapsed_total, modax_audit_waiting,
    // modax_audit_failing
    void collect(MetricSink& sink) const override;

private:
    // Equal events of one minute.
    struct Tally {
        AuditEntry entry;
        std::uint64_t rows = 0;   // written or waiting for it
        std::uint64_t count = 0;  // seen since the last row
    };

    void take(AuditEntry&& entry, std::uint64_t rows_in_a_minute) noexcept;
    void run(const std::stop_token& stop) noexcept;
    // The rows that are due; at the end of a minute (or `all`) the counts too.
    void gather(std::vector<AuditEntry>& due, bool all);

    AuditStore& store_;
    const Clock& clock_;
    Log& log_;
    std::atomic<std::uint64_t> written_{0};
    std::atomic<std::uint64_t> collapsed_{0};
    std::atomic<bool> failing_{false};

    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::vector<AuditEntry> rows_;          // not written yet
    std::map<std::string, Tally> tallies_;  // of the minute
    std::int64_t minute_ = 0;               // since 1970

    std::jthread thread_;  // last: ended before anything it uses goes
};

}  // namespace modax::security
