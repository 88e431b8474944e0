// What a certificate says, for warnings and for the rules about development certificates. Source:
// RFC 5280. Thread-safe.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace modax::security {

// The organisation of everything `modax pki` makes; refused when environment = "production".
inline constexpr std::string_view k_development_organisation = "MODAX DEV";

struct CertificateFacts {
    std::string subject;     // common name
    std::string issuer;      // common name
    std::string thumbprint;  // SHA-256 of the DER form, hexadecimal
    Timestamp not_before;
    Timestamp not_after;
    std::vector<std::string> names;  // DNS names and addresses of the subject alternative name
    bool development = false;        // made by `modax pki`
};

// The first certificate of a PEM text. Errors: invalid_argument.
Result<CertificateFacts> read_certificate(std::string_view pem);

struct RevocationListFacts {
    std::string issuer;       // common name
    Timestamp next_update;    // after it nobody's certificate is accepted (RFC 5280, 5.1.2.5)
    std::size_t revoked = 0;  // certificates
};

// The first revocation list of a PEM text. Errors: invalid_argument.
Result<RevocationListFacts> read_revocation_list(std::string_view pem);

}  // namespace modax::security
