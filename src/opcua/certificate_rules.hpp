// The certificate doctor: what is wrong with a client's certificate, as a stable word and the fix.
// Source: OPC UA Part 4, section 6.1.3; Part 6, section 6.2.2. Internal to opcua.
#pragma once

#include "opcua/certificate.hpp"

namespace modax::opcua {

// Whose certificates count, as the trust folders say.
struct TrustedCertificates {
    std::vector<CertificatePointer> trusted;
    std::vector<CertificatePointer> issuers;  // complete chains, but vouch for nobody
    std::vector<RevocationListPointer> revocation_lists;
};

// Rules that the certificate alone decides: time, CA flag, signature, key, usages.
CertificateFinding check_form(const X509& certificate, Timestamp now);
// The first of them, which are all there is for a user's certificate: expired, not_yet_valid.
CertificateFinding check_time(const X509& certificate, Timestamp now);
// unknown_issuer, revoked, revocation_unknown.
CertificateFinding check_trust(X509& certificate, const TrustedCertificates& trust);
// uri_mismatch.
CertificateFinding check_uri(const X509& certificate, std::string_view application_uri);

}  // namespace modax::opcua
