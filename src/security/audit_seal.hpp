// The chain of the audit log: each row's HMAC-SHA256 covers the row and the hash of the row before
// it. Source: PROMISES 2.4; RFC 2104. Owned by app; thread-safe.
#pragma once

#include "core/audit.hpp"
#include "core/file_system.hpp"
#include "core/random.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>

namespace modax::security {

// Every field of a row but its hash, each with its length in front, so that no two rows have the
// same bytes.
std::string canonical(const AuditRow& row);

class ChainSeal final : public AuditSeal {
public:
    static constexpr std::size_t k_key_bytes = 32;
    using Key = std::array<std::byte, k_key_bytes>;

    // The key in DATA_DIR/audit.key (0600); made when there is none and `create` is set. Errors:
    // io_error, not_found, data_loss (not 32 bytes).
    static Result<ChainSeal> load(
        FileSystem& files, Random& random, const std::filesystem::path& data_dir, bool create
    );
    explicit ChainSeal(const Key& key);

    void seal(std::string_view previous_hash, AuditRow& row) const override;
    // What the hash of the row must be.
    std::string expected(std::string_view previous_hash, const AuditRow& row) const;

private:
    Key key_;
    std::string boot_id_;
};

}  // namespace modax::security
