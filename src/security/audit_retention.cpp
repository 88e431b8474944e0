#include "security/audit_retention.hpp"

#include "core/audit_json.hpp"
#include "security/append_file.hpp"
#include "security/audit_checkpoints.hpp"

#include <utility>

namespace modax::security {
namespace {

constexpr std::chrono::hours k_interval{24};
constexpr std::size_t k_chunk_bytes = std::size_t{256} * 1024;

}  // namespace

AuditRetention::AuditRetention(
    AuditStore& store, AuditRetentionOptions options, const Clock& clock, Log& log
)
    : store_{store}, options_{std::move(options)}, clock_{clock}, log_{log} {}

Status AuditRetention::look() {
    const auto now = clock_.steady_now();
    if (options_.keep.count() == 0 || (looked_ && now - *looked_ < k_interval)) return {};
    looked_ = now;
    const auto checkpoints = store_.audit_checkpoints();
    if (!checkpoints) return tl::make_unexpected(checkpoints.error());
    std::uint64_t first = 0;
    const auto read = store_.each_audit_row(0, [&](const AuditRow& row) {
        first = row.sequence;
        return false;
    });
    if (!read) return read;
    // Every row up to a checkpoint is older than it.
    const auto before = clock_.now() - options_.keep;
    const AuditCheckpoint* last = nullptr;
    for (const AuditCheckpoint& checkpoint : *checkpoints) {
        if (checkpoint.time <= before && checkpoint.sequence >= first) last = &checkpoint;
    }
    return last == nullptr ? Status{} : cut(*last);
}

Status AuditRetention::cut(const AuditCheckpoint& at) {
    if (!options_.archive_directory.empty()) {
        if (auto archived = archive(at.sequence); !archived) return archived;
    }
    AuditEntry record;
    record.time = clock_.now();
    record.actor = "gateway";
    record.source = "local";
    record.via = "gateway";
    record.action = k_audit_cut_action;
    record.object = audit_cut_object(at.sequence);
    record.detail = "audit.retention; the checkpoint of " + format_iso8601(at.time) + " stays";
    if (auto done = store_.cut_audit(at, record); !done) return done;
    log_.info("audit", "old rows were cut", {{"through", std::to_string(at.sequence)}});
    return {};
}

Status AuditRetention::archive(std::uint64_t through) const {
    const auto date = format_iso8601(clock_.now()).substr(0, 10);
    const auto file = options_.archive_directory / ("audit-" + date + ".ndjson");
    std::string lines;
    Status written;
    const auto read = store_.each_audit_row(0, [&](const AuditRow& row) {
        if (row.sequence > through) return false;
        append_audit_json(lines, row);
        lines += '\n';
        if (lines.size() < k_chunk_bytes) return true;
        written = append_file(file, lines);
        lines.clear();
        return written.has_value();
    });
    if (!read) return read;
    if (!written || lines.empty()) return written;
    return append_file(file, lines);
}

}  // namespace modax::security
