// A seal whose hash can be read: no key, 32 bytes that tell the sequence. For tests of what must be
// written together with audit rows, not of the chain.
#pragma once

#include "core/audit.hpp"

#include <cstdio>

namespace modax {

class FakeAuditSeal final : public AuditSeal {
public:
    void seal(std::string_view previous_hash, AuditRow& row) const override {
        row.monotonic_micros = 1;
        row.boot_id = "boot";
        // Ends with what it continues, so that a wrong predecessor shows.
        row.hash = std::string(24, '.') + std::string{previous_hash.substr(0, 4)};
        const auto number = std::to_string(row.sequence);
        row.hash = (number + std::string(32, '.')).substr(0, 28) + row.hash.substr(24, 4);
    }
};

}  // namespace modax
