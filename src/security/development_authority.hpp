// A certificate authority for development: name-constrained, short-lived, and marked as DEV in the
// name and the organisation of all it makes (PROMISES 3.4), so that a production gateway refuses
// it. Keys are P-256 (FIPS 186-5), certificates X.509 v3 (RFC 5280). Used by the command line.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace modax::security {

// In PEM form.
struct IssuedCertificate {
    std::string certificate;
    Secret key;
};

// Not thread-safe.
class DevelopmentAuthority {
public:
    // Makes an authority that can vouch for these hosts (DNS names and addresses) and no others,
    // and for clients. Its certificates name `revocation_url` (http://…) as the place of its
    // revocation list. Errors: invalid_argument (a host, days outside 1 to 825, the URL), io_error
    // (OpenSSL).
    static Result<DevelopmentAuthority> create(
        const std::vector<std::string>& hosts,
        std::chrono::days lifetime,
        const std::string& revocation_url,
        const Clock& clock
    );
    // Takes up one that was made before. Errors: invalid_argument.
    static Result<DevelopmentAuthority> load(
        std::string_view certificate, const Secret& key, const Clock& clock
    );
    DevelopmentAuthority(DevelopmentAuthority&&) noexcept;
    DevelopmentAuthority& operator=(DevelopmentAuthority&&) noexcept;
    ~DevelopmentAuthority();

    // Ends with the authority at the latest. Errors: invalid_argument (a host that the authority
    // may not vouch for), io_error.
    Result<IssuedCertificate> issue_server(const std::vector<std::string>& hosts) const;
    // `user` is the common name: the MQTT user as which the certificate comes in.
    Result<IssuedCertificate> issue_client(std::string_view user) const;

    Result<IssuedCertificate> pem() const;

    // The list of what is revoked (RFC 5280, section 5) in PEM form: what `previous` (empty: none)
    // has, and these certificates. Holds as long as the authority. Errors: invalid_argument (a
    // text is no certificate, or is not the authority's), io_error.
    Result<std::string> revocation_list(
        std::string_view previous, const std::vector<std::string>& revoked
    ) const;

private:
    struct Parts;
    explicit DevelopmentAuthority(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace modax::security
