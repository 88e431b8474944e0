// Cuts old rows of the audit log: only at a signed checkpoint, which stays, and with a row that
// says so. What is cut is archived before, when there is a place for it. Source: PROMISES 2.4.
#pragma once

#include "core/audit.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"

#include <chrono>
#include <filesystem>
#include <optional>

namespace modax::security {

struct AuditRetentionOptions {
    std::chrono::seconds keep{0};             // 0: for ever
    std::filesystem::path archive_directory;  // empty: not archived
};

// One thread.
class AuditRetention {
public:
    // The objects must outlive this one.
    AuditRetention(AuditStore& store, AuditRetentionOptions options, const Clock& clock, Log& log);

    // Once a day at most. Errors: those of the store; io_error when the archive can't be written:
    // nothing is cut then.
    Status look();

private:
    Status cut(const AuditCheckpoint& at);
    // NDJSON, a row each (core/audit_json.hpp), in audit-DATE.ndjson.
    Status archive(std::uint64_t through) const;

    AuditStore& store_;
    const AuditRetentionOptions options_;
    const Clock& clock_;
    Log& log_;
    std::optional<SteadyTime> looked_;
};

}  // namespace modax::security
