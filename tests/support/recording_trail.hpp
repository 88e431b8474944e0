// An audit trail that keeps what it was told, and an audit store in memory.
#pragma once

#include "core/audit.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace modax::test {

// Thread-safe.
class RecordingTrail final : public AuditTrail {
public:
    void access(AuditEntry entry) noexcept override { keep(accesses_, std::move(entry)); }
    void refusal(AuditEntry entry) noexcept override { keep(refusals_, std::move(entry)); }
    std::vector<AuditEntry> accesses() const { return copy(accesses_); }
    std::vector<AuditEntry> refusals() const { return copy(refusals_); }

private:
    using Entries = std::vector<AuditEntry>;
    void keep(Entries& entries, AuditEntry&& entry) {
        const std::lock_guard lock{mutex_};
        entries.push_back(std::move(entry));
    }
    Entries copy(const Entries& entries) const {
        const std::lock_guard lock{mutex_};
        return entries;
    }

    mutable std::mutex mutex_;
    Entries accesses_;
    Entries refusals_;
};

// Without a chain. Thread-safe.
class MemoryAuditStore final : public AuditStore {
public:
    Status append(std::span<const AuditEntry> entries) override {
        const std::lock_guard lock{mutex_};
        if (failing_) return fail(Errc::io_error, "disk");
        for (const AuditEntry& entry : entries) {
            AuditRow row;
            row.sequence = rows_.size() + 1;
            row.entry = entry;
            rows_.push_back(row);
        }
        return {};
    }
    Result<std::vector<AuditRow>> audit_rows(const AuditQuery& query) const override {
        const std::lock_guard lock{mutex_};
        std::vector<AuditRow> found;
        for (auto row = rows_.rbegin(); row != rows_.rend() && found.size() < query.limit; ++row) {
            const bool wanted = (query.before == 0 || row->sequence < query.before) &&
                                (query.actor.empty() || row->entry.actor == query.actor);
            if (wanted) found.push_back(*row);
        }
        return found;
    }
    Status each_audit_row(std::uint64_t from, const std::function<bool(const AuditRow&)>& each)
        const override {
        const std::lock_guard lock{mutex_};
        for (const AuditRow& row : rows_) {
            if (row.sequence >= from && !each(row)) break;
        }
        return {};
    }
    Status add(const AuditCheckpoint& checkpoint) override {
        const std::lock_guard lock{mutex_};
        checkpoints_.push_back(checkpoint);
        return {};
    }
    Result<std::vector<AuditCheckpoint>> audit_checkpoints() const override {
        const std::lock_guard lock{mutex_};
        return checkpoints_;
    }
    // The row of it is left to the test, which has the seal.
    Status cut_audit(const AuditCheckpoint& at, const AuditEntry& record) override {
        const std::lock_guard lock{mutex_};
        if (failing_) return fail(Errc::io_error, "disk");
        std::erase_if(rows_, [&](const AuditRow& row) { return row.sequence <= at.sequence; });
        std::erase_if(checkpoints_, [&](const AuditCheckpoint& each) {
            return each.sequence < at.sequence;
        });
        AuditRow row;
        row.sequence = rows_.empty() ? at.sequence + 1 : rows_.back().sequence + 1;
        row.entry = record;
        rows_.push_back(row);
        return {};
    }

    void fail_appends(bool failing) {
        const std::lock_guard lock{mutex_};
        failing_ = failing;
    }
    // For tests that change what nobody should.
    std::vector<AuditRow>& rows() { return rows_; }
    std::vector<AuditCheckpoint>& checkpoints() { return checkpoints_; }
    std::vector<AuditRow> snapshot() const {
        const std::lock_guard lock{mutex_};
        return rows_;
    }

private:
    mutable std::mutex mutex_;
    bool failing_ = false;
    std::vector<AuditRow> rows_;
    std::vector<AuditCheckpoint> checkpoints_;
};

}  // namespace modax::test
