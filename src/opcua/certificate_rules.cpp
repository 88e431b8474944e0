#include "opcua/certificate_rules.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace modax::opcua {
namespace {

constexpr int k_min_key_bits = 2048;  // Part 7, Basic256Sha256 and newer
constexpr int k_max_key_bits = 4096;

CertificateFinding finding(std::string code, std::string fix) {
    return {std::move(code), std::move(fix)};
}

CertificateFinding check_key(const X509& certificate) {
    const EVP_PKEY* key = X509_get0_pubkey(&certificate);
    if (key == nullptr || EVP_PKEY_base_id(key) != EVP_PKEY_RSA ||
        EVP_PKEY_bits(key) > k_max_key_bits) {
        return finding(
            "policy_mismatch",
            "the security policies here need an RSA key of 2048 to 4096 bits: make a new "
            "certificate with one"
        );
    }
    if (EVP_PKEY_bits(key) < k_min_key_bits) {
        return finding(
            "short_key",
            "its key has " + std::to_string(EVP_PKEY_bits(key)) +
                " bits: make a new certificate with 2048 or more"
        );
    }
    return {};
}

CertificateFinding check_usage(X509& certificate) {
    constexpr std::uint32_t k_needed = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT;
    const auto usage = X509_get_key_usage(&certificate);
    if (usage == UINT32_MAX || (usage & k_needed) != k_needed) {
        return finding(
            "key_usage",
            "make a new certificate with the key usages digitalSignature, nonRepudiation, "
            "keyEncipherment and dataEncipherment"
        );
    }
    const auto extended = X509_get_extended_key_usage(&certificate);
    if (extended != UINT32_MAX && (extended & (XKU_SSL_CLIENT | XKU_SSL_SERVER)) == 0) {
        return finding(
            "extended_key_usage", "make a new certificate with the extended key usage clientAuth"
        );
    }
    return {};
}

bool contains(const std::vector<CertificatePointer>& certificates, const X509& wanted) {
    return std::any_of(certificates.begin(), certificates.end(), [&](const auto& each) {
        return X509_cmp(each.get(), &wanted) == 0;
    });
}

X509* issuer_in(const std::vector<CertificatePointer>& certificates, X509& subject) {
    const auto issuer =
        std::find_if(certificates.begin(), certificates.end(), [&](const auto& each) {
            return X509_check_ca(each.get()) > 0 &&
                   X509_check_issued(each.get(), &subject) == X509_V_OK &&
                   X509_verify(&subject, X509_get0_pubkey(each.get())) == 1;
        });
    ERR_clear_error();
    return issuer == certificates.end() ? nullptr : issuer->get();
}

CertificateFinding check_revocation(
    X509& certificate, X509& issuer, const TrustedCertificates& trust
) {
    bool listed = false;
    for (const auto& list : trust.revocation_lists) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(&issuer)) != 0) {
            continue;
        }
        if (X509_CRL_verify(list.get(), X509_get0_pubkey(&issuer)) != 1) continue;
        listed = true;
        X509_REVOKED* entry = nullptr;
        if (X509_CRL_get0_by_cert(list.get(), &entry, &certificate) == 1) {
            return finding(
                "revoked", "its authority has revoked it: get a new certificate from there"
            );
        }
    }
    ERR_clear_error();
    if (listed) return {};
    return finding(
        "revocation_unknown",
        "put the revocation list of its authority '" + common_name_of(issuer) +
            "' into trusted/crl or issuers/crl"
    );
}

}  // namespace

CertificateFinding check_time(const X509& certificate, Timestamp now) {
    const auto from = to_timestamp(X509_get0_notBefore(&certificate));
    const auto until = to_timestamp(X509_get0_notAfter(&certificate));
    const auto seconds = [](auto span) {
        return std::to_string(std::chrono::ceil<std::chrono::seconds>(span).count()) + " s";
    };
    if (now < from) {
        return finding(
            "not_yet_valid",
            "it begins at " + format_iso8601(from) + ", " + seconds(from - now) +
                " ahead of this clock (" + format_iso8601(now) +
                "): set the clocks of both machines right"
        );
    }
    if (now > until) {
        return finding(
            "expired",
            "it ended at " + format_iso8601(until) + ", " + seconds(now - until) +
                " ago: make a new one in the client and trust that"
        );
    }
    return {};
}

CertificateFinding check_form(const X509& const_certificate, Timestamp now) {
    // OpenSSL computes its flags on first use, and keeps them in the object.
    X509& certificate = const_cast<X509&>(const_certificate);  // NOLINT: see above
    if (auto wrong = check_time(certificate, now); !wrong.code.empty()) return wrong;
    if ((X509_get_extension_flags(&certificate) & EXFLAG_CA) != 0) {
        return finding(
            "ca_flag",
            "it is the certificate of an authority (CA:TRUE): make one for the application, with "
            "CA:FALSE"
        );
    }
    int digest = NID_undef;
    X509_get_signature_info(&certificate, &digest, nullptr, nullptr, nullptr);
    if (digest == NID_sha1 || digest == NID_md5) {
        return finding("sha1_signature", "it is signed with SHA-1: make a new one with SHA-256");
    }
    if (auto wrong = check_key(certificate); !wrong.code.empty()) return wrong;
    return check_usage(certificate);
}

CertificateFinding check_trust(X509& certificate, const TrustedCertificates& trust) {
    constexpr int k_max_chain = 8;
    bool trusted = contains(trust.trusted, certificate);
    X509* at = &certificate;
    for (int depth = 0; depth < k_max_chain && !X509_self_signed(at, 1); ++depth) {
        X509* issuer = issuer_in(trust.trusted, *at);
        if (issuer != nullptr) trusted = true;
        if (issuer == nullptr) issuer = issuer_in(trust.issuers, *at);
        if (issuer == nullptr) break;
        if (auto wrong = check_revocation(*at, *issuer, trust); !wrong.code.empty()) return wrong;
        at = issuer;
    }
    ERR_clear_error();
    if (trusted) return {};
    return finding(
        "unknown_issuer",
        "nobody has trusted it yet: if it is the right client, `modax opcua trust " +
            thumbprint_of(certificate).substr(0, 16) + "`, or trust its authority"
    );
}

CertificateFinding check_uri(const X509& certificate, std::string_view application_uri) {
    const auto uri = application_uri_of(certificate);
    if (uri == application_uri) return {};
    return finding(
        "uri_mismatch",
        "the client says it is '" + std::string{application_uri} + "', its certificate says '" +
            uri + "': set the client's application URI to that, or make a new certificate"
    );
}

}  // namespace modax::opcua
