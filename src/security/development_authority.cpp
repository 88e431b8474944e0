#include "security/development_authority.hpp"

#include "security/certificate.hpp"
#include "security/certificate_names.hpp"
#include "security/openssl_objects.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <ctime>
#include <utility>

namespace modax::security {
namespace {

using std::chrono::days;

// Clocks of plants differ: valid a little before it was made.
constexpr std::chrono::minutes k_backdated{5};
constexpr days k_longest{825};
constexpr std::size_t k_longest_name = 64;  // of a common name (RFC 5280, ub-common-name)

KeyPointer make_key() {
    return KeyPointer{EVP_EC_gen("P-256")};
}

std::string memory_text(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string certificate_pem(X509* certificate) {
    const BioPointer out{BIO_new(BIO_s_mem())};
    if (!out || PEM_write_bio_X509(out.get(), certificate) != 1) return {};
    return memory_text(out.get());
}

Secret key_pem(EVP_PKEY* key) {
    const BioPointer out{BIO_new(BIO_s_secmem())};
    const bool written =
        out && PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
    if (!written) return {};
    return Secret{memory_text(out.get())};
}

bool set_time(ASN1_TIME* field, Timestamp time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    return ASN1_TIME_set(field, static_cast<std::time_t>(seconds)) != nullptr;
}

bool add_name(X509_NAME* name, const char* field, std::string_view text) {
    return X509_NAME_add_entry_by_txt(
               name,
               field,
               MBSTRING_UTF8,
               reinterpret_cast<const unsigned char*>(text.data()),
               static_cast<int>(text.size()),
               -1,
               0
           ) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ExtensionPointer extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// 127 random bits (CA/Browser Forum baseline: at least 64).
bool set_random_serial(X509* certificate) {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
    bytes[0] &= 0x7FU;
    bytes[0] |= 0x40U;
    BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
    const bool set = number != nullptr &&
                     BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return set;
}

struct Extension {
    int nid;
    std::string value;
};

tl::unexpected<Error> openssl_failure(std::string_view attempted) {
    return fail(Errc::io_error, std::string{attempted} + ": OpenSSL says " + openssl_reason());
}

CertificatePointer parse_certificate(std::string_view pem) {
    const BioPointer text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    return CertificatePointer{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
}

bool set_list_times(X509_CRL* list, Timestamp now, const ASN1_TIME* end) {
    const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> made{ASN1_TIME_new()};
    return made && set_time(made.get(), now - k_backdated) &&
           X509_CRL_set1_lastUpdate(list, made.get()) == 1 &&
           X509_CRL_set1_nextUpdate(list, end) == 1;
}

Status take_over(X509_CRL* list, std::string_view previous) {
    const BioPointer text{BIO_new_mem_buf(previous.data(), static_cast<int>(previous.size()))};
    const RevocationListPointer old{PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr)};
    if (!old) {
        return fail(
            Errc::invalid_argument, "the revocation list can't be read: " + openssl_reason()
        );
    }
    auto* entries = X509_CRL_get_REVOKED(old.get());
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
        auto* copy = X509_REVOKED_dup(sk_X509_REVOKED_value(entries, i));
        if (copy == nullptr || X509_CRL_add0_revoked(list, copy) != 1) {
            X509_REVOKED_free(copy);
            return openssl_failure("cannot take over the revocation list");
        }
    }
    return {};
}

Status add_revoked(X509_CRL* list, X509* authority, const std::string& pem, Timestamp now) {
    const CertificatePointer certificate = parse_certificate(pem);
    if (!certificate || X509_verify(certificate.get(), X509_get0_pubkey(authority)) != 1) {
        ERR_clear_error();
        return fail(
            Errc::invalid_argument, "the certificate to revoke was not made by this authority"
        );
    }
    const auto* serial = X509_get0_serialNumber(certificate.get());
    X509_REVOKED* known = nullptr;
    if (X509_CRL_get0_by_serial(list, &known, serial) == 1) return {};
    const std::unique_ptr<X509_REVOKED, FreeWith<X509_REVOKED_free>> entry{X509_REVOKED_new()};
    const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> when{ASN1_TIME_new()};
    const bool good =
        entry && when && set_time(when.get(), now) &&
        X509_REVOKED_set_serialNumber(entry.get(), const_cast<ASN1_INTEGER*>(serial)) == 1 &&
        X509_REVOKED_set_revocationDate(entry.get(), when.get()) == 1;
    auto* copy = good ? X509_REVOKED_dup(entry.get()) : nullptr;
    if (copy == nullptr || X509_CRL_add0_revoked(list, copy) != 1) {
        X509_REVOKED_free(copy);
        return openssl_failure("cannot revoke the certificate");
    }
    return {};
}

// Both are a must (RFC 5280, sections 5.2.1 and 5.2.3). Microseconds rise from list to list.
bool add_list_extensions(X509_CRL* list, X509* authority, Timestamp now) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, authority, nullptr, nullptr, list, 0);
    const ExtensionPointer issuer{
        X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always")};
    const std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>> number{ASN1_INTEGER_new()};
    return issuer && X509_CRL_add_ext(list, issuer.get(), -1) == 1 && number &&
           ASN1_INTEGER_set_int64(number.get(), to_micros(now)) == 1 &&
           X509_CRL_add1_ext_i2d(list, NID_crl_number, number.get(), 0, 0) == 1;
}

}  // namespace

struct DevelopmentAuthority::Parts {
    CertificatePointer certificate;
    KeyPointer key;
    Timestamp now;

    // The authority's own certificate keeps the place of the list for all that it will sign.
    bool copy_revocation_url(X509* to) const {
        const int at = X509_get_ext_by_NID(certificate.get(), NID_crl_distribution_points, -1);
        return at < 0 || X509_add_ext(to, X509_get_ext(certificate.get(), at), -1) == 1;
    }

    // Signed by the authority; by itself when it has no certificate yet.
    Result<CertificatePointer> sign(
        EVP_PKEY* subject_key,
        std::string_view common_name,
        Timestamp not_after,
        const std::vector<Extension>& extensions
    ) const {
        CertificatePointer made{X509_new()};
        if (!made) return openssl_failure("cannot make a certificate");
        X509_NAME* name = X509_get_subject_name(made.get());
        X509* issuer = certificate ? certificate.get() : made.get();
        bool good = X509_set_version(made.get(), X509_VERSION_3) == 1;
        good = good && set_random_serial(made.get());
        good = good && set_time(X509_getm_notBefore(made.get()), now - k_backdated);
        good = good && set_time(X509_getm_notAfter(made.get()), not_after);
        good = good && add_name(name, "O", k_development_organisation);
        good = good && add_name(name, "CN", common_name);
        good = good && X509_set_pubkey(made.get(), subject_key) == 1;
        good = good && X509_set_issuer_name(made.get(), X509_get_subject_name(issuer)) == 1;
        for (const auto& [nid, value] : extensions) {
            good = good && add_extension(made.get(), issuer, nid, value);
        }
        if (certificate) good = good && copy_revocation_url(made.get());
        good = good && X509_sign(made.get(), key.get(), EVP_sha256()) > 0;
        if (!good)
            return openssl_failure("cannot make the certificate of " + std::string{common_name});
        return made;
    }

    Timestamp ends() const {
        std::tm parts{};
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts);
        return Timestamp{std::chrono::seconds{timegm(&parts)}};
    }

    Result<IssuedCertificate> issue(
        std::string_view common_name, std::string_view usage, const std::string& names
    ) const {
        const KeyPointer subject_key = make_key();
        if (!subject_key) return openssl_failure("cannot make a key");
        auto made = sign(
            subject_key.get(),
            common_name,
            ends(),
            {{NID_basic_constraints, "critical,CA:FALSE"},
             {NID_key_usage, "critical,digitalSignature"},
             {NID_ext_key_usage, std::string{usage}},
             {NID_subject_key_identifier, "hash"},
             {NID_authority_key_identifier, "keyid:always"},
             {NID_subject_alt_name, names}}
        );
        if (!made) return tl::make_unexpected(made.error());
        return IssuedCertificate{certificate_pem(made->get()), key_pem(subject_key.get())};
    }
};

DevelopmentAuthority::DevelopmentAuthority(std::unique_ptr<Parts> parts)
    : parts_{std::move(parts)} {}
DevelopmentAuthority::DevelopmentAuthority(DevelopmentAuthority&&) noexcept = default;
DevelopmentAuthority& DevelopmentAuthority::operator=(DevelopmentAuthority&&) noexcept = default;
DevelopmentAuthority::~DevelopmentAuthority() = default;

Result<DevelopmentAuthority> DevelopmentAuthority::create(
    const std::vector<std::string>& hosts,
    days lifetime,
    const std::string& revocation_url,
    const Clock& clock
) {
    if (auto checked = check_hosts(hosts); !checked) return tl::make_unexpected(checked.error());
    if (auto checked = check_revocation_url(revocation_url); !checked) {
        return tl::make_unexpected(checked.error());
    }
    if (lifetime < days{1} || lifetime > k_longest) {
        return fail(Errc::invalid_argument, "the lifetime must be 1 to 825 days");
    }
    auto parts = std::make_unique<Parts>();
    parts->now = clock.now();
    parts->key = make_key();
    if (!parts->key) return openssl_failure("cannot make a key");
    auto made = parts->sign(
        parts->key.get(),
        "MODAX DEV CA (not for production)",
        parts->now + lifetime,
        {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
         {NID_key_usage, "critical,keyCertSign,cRLSign"},
         {NID_subject_key_identifier, "hash"},
         {NID_crl_distribution_points, "URI:" + revocation_url},
         {NID_name_constraints, name_constraints(hosts)}}
    );
    if (!made) return tl::make_unexpected(made.error());
    parts->certificate = std::move(*made);
    return DevelopmentAuthority{std::move(parts)};
}

Result<DevelopmentAuthority> DevelopmentAuthority::load(
    std::string_view certificate, const Secret& key, const Clock& clock
) {
    auto parts = std::make_unique<Parts>();
    parts->now = clock.now();
    parts->certificate = parse_certificate(certificate);
    const std::string& text = key.reveal();
    const BioPointer key_text{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
    parts->key.reset(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    if (!parts->certificate || !parts->key ||
        X509_check_private_key(parts->certificate.get(), parts->key.get()) != 1) {
        return fail(
            Errc::invalid_argument,
            "the authority's certificate and key do not belong together: " + openssl_reason()
        );
    }
    return DevelopmentAuthority{std::move(parts)};
}

Result<IssuedCertificate> DevelopmentAuthority::issue_server(const std::vector<std::string>& hosts
) const {
    if (auto checked = check_hosts(hosts); !checked) return tl::make_unexpected(checked.error());
    if (hosts.empty()) return fail(Errc::invalid_argument, "name at least one host");
    auto common_name = hosts.front().substr(0, k_longest_name);
    auto issued = parts_->issue(common_name, "serverAuth", subject_names(hosts));
    if (!issued) return issued;
    const CertificatePointer made = parse_certificate(issued->certificate);
    // Makes OpenSSL look at the extensions, which the check below relies on.
    (void)X509_get_extension_flags(made.get());
    const CertificatePointer& authority = parts_->certificate;
    const std::unique_ptr<NAME_CONSTRAINTS, FreeWith<NAME_CONSTRAINTS_free>> allowed{
        static_cast<NAME_CONSTRAINTS*>(
            X509_get_ext_d2i(authority.get(), NID_name_constraints, nullptr, nullptr)
        )};
    if (allowed && NAME_CONSTRAINTS_check(made.get(), allowed.get()) != X509_V_OK) {
        return fail(
            Errc::invalid_argument,
            "the authority may not vouch for all of " + joined(hosts) +
                ": make a new one that names them"
        );
    }
    return issued;
}

Result<IssuedCertificate> DevelopmentAuthority::issue_client(std::string_view user) const {
    std::string label;
    for (const char c : user) {
        const bool fits =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-';
        label += fits ? c : '-';
    }
    if (user.empty() || user.size() > k_longest_name) {
        return fail(Errc::invalid_argument, "the name of a client has 1 to 64 characters");
    }
    // A DNS label has at most 63 characters, and no '-' at its ends.
    label = "c" + label.substr(0, 61) + "c";
    return parts_->issue(user, "clientAuth", "DNS:" + label + "." + std::string{k_client_domain});
}

Result<IssuedCertificate> DevelopmentAuthority::pem() const {
    IssuedCertificate own{certificate_pem(parts_->certificate.get()), key_pem(parts_->key.get())};
    if (own.certificate.empty() || own.key.empty()) return openssl_failure("cannot write PEM");
    return own;
}

Result<std::string> DevelopmentAuthority::revocation_list(
    std::string_view previous, const std::vector<std::string>& revoked
) const {
    X509* authority = parts_->certificate.get();
    const RevocationListPointer list{X509_CRL_new()};
    if (!list) return openssl_failure("cannot make a revocation list");
    bool good = X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1;
    good = good && X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(authority)) == 1;
    good = good && set_list_times(list.get(), parts_->now, X509_get0_notAfter(authority));
    if (!previous.empty()) {
        if (auto taken = take_over(list.get(), previous); !taken) {
            return tl::make_unexpected(taken.error());
        }
    }
    for (const auto& pem : revoked) {
        if (auto added = add_revoked(list.get(), authority, pem, parts_->now); !added) {
            return tl::make_unexpected(added.error());
        }
    }
    X509_CRL_sort(list.get());
    good = good && add_list_extensions(list.get(), authority, parts_->now);
    good = good && X509_CRL_sign(list.get(), parts_->key.get(), EVP_sha256()) > 0;
    const BioPointer out{BIO_new(BIO_s_mem())};
    good = good && out && PEM_write_bio_X509_CRL(out.get(), list.get()) == 1;
    if (!good) return openssl_failure("cannot make a revocation list");
    return memory_text(out.get());
}

}  // namespace modax::security
