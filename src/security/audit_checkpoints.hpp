// Signed checkpoints of the audit log, kept in the store and appended to a file beside it, so that
// a cut tail and a log that was made anew show; and the check of the whole. Source: PROMISES 2.4;
// Ed25519: RFC 8032.
#pragma once

#include "core/audit.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/log.hpp"
#include "security/audit_seal.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace modax::security {

// Thread-safe.
class CheckpointSigner {
public:
    // The key in DATA_DIR/audit-signing.key (0600, PEM); made when there is none and `create` is
    // set. Errors: io_error, not_found, data_loss.
    static Result<CheckpointSigner> load(
        FileSystem& files, const std::filesystem::path& data_dir, bool create
    );
    CheckpointSigner(CheckpointSigner&&) noexcept;
    CheckpointSigner& operator=(CheckpointSigner&&) noexcept;
    ~CheckpointSigner();

    AuditCheckpoint sign(const AuditRow& row, Timestamp now) const;
    bool verify(const AuditCheckpoint& checkpoint) const;

private:
    struct Key;
    explicit CheckpointSigner(std::unique_ptr<Key> key);
    std::unique_ptr<Key> key_;
};

// Makes a checkpoint when 1,000 rows or five minutes have passed with new rows. One thread.
class Checkpoints {
public:
    // `file` is appended to, a line each. The objects must outlive this one.
    Checkpoints(
        AuditStore& store,
        const CheckpointSigner& signer,
        std::filesystem::path file,
        const Clock& clock,
        Log& log
    );
    // Errors: those of the store, io_error.
    Status look();
    // At the end of the process.
    Status make_now();

private:
    Status make(const AuditRow& newest);

    AuditStore& store_;
    const CheckpointSigner& signer_;
    const std::filesystem::path file_;
    const Clock& clock_;
    Log& log_;
    std::uint64_t last_sequence_ = 0;
    SteadyTime last_made_;
};

// How the row of a cut says what was cut: verify_audit() wants it where rows are missing at the
// beginning.
inline constexpr std::string_view k_audit_cut_action = "audit.cut";
std::string audit_cut_object(std::uint64_t through);

struct AuditVerdict {
    std::uint64_t rows = 0;
    std::uint64_t checkpoints = 0;
    // The first thing that is wrong, with its sequence; empty: the log is whole.
    std::string problem;
};

// Checks every row and every checkpoint, those of `file` too (missing: none). Errors: those of the
// store.
Result<AuditVerdict> verify_audit(
    const AuditStore& store,
    const ChainSeal& seal,
    const CheckpointSigner& signer,
    const std::filesystem::path& file
);

}  // namespace modax::security
