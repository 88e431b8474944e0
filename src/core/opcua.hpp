// What the OPC UA server shows of itself to the other interfaces: which certificates it knows and
// what is wrong with those it refused, and which sessions are open.
#pragma once

#include "core/audit.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

// Why a certificate was refused (OPC UA Part 4, section 6.1.3): a stable word and what to do.
struct CertificateFinding {
    std::string code;  // "uri_mismatch", "expired", …, docs/OPC_UA_INTEGRATION.md; empty: none
    std::string fix;   // one sentence
};

struct OpcUaCertificate {
    enum class State : std::uint8_t { own, trusted, rejected };

    State state = State::rejected;
    std::string thumbprint;       // SHA-256 of the DER form, hexadecimal
    std::string subject;          // common name
    std::string application_uri;  // empty: none in it
    Timestamp not_before;
    Timestamp not_after;
    CertificateFinding finding;
};

struct OpcUaSession {
    std::string id;
    std::string name;             // as the client calls it
    std::string user;             // "user:…", "certificate:…", "anonymous"
    std::string application_uri;  // of the client
    Timestamp opened;
};

// Thread-safe; certificates block on the disk, so never on an I/O thread.
class OpcUaAdministration {
public:
    virtual ~OpcUaAdministration() = default;
    // Own first, then trusted, then rejected ones.
    virtual Result<std::vector<OpcUaCertificate>> certificates() const = 0;
    // A rejected certificate by its thumbprint or the start of it (8 digits or more). Works for
    // the next connection. `origin` tells who asks; it becomes the row in the audit log. Errors:
    // not_found, invalid_argument (ambiguous), io_error.
    virtual Result<OpcUaCertificate> trust(
        std::string_view thumbprint, const AuditEntry& origin
    ) = 0;
    // A trusted one becomes a rejected one. Errors as trust().
    virtual Result<OpcUaCertificate> untrust(
        std::string_view thumbprint, const AuditEntry& origin
    ) = 0;
    virtual std::vector<OpcUaSession> sessions() const = 0;
};

}  // namespace modax
