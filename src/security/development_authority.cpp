#include "security/development_authority.hpp"

#include "security/certificate.hpp"
#include "security/openssl_objects.hpp"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace modax::security {
namespace {

using std::chrono::days;

// What clients' names end in: OpenSSL compares a name constraint also with a common name that
// could be a host, unless there is a DNS name beside it. "invalid" is nobody's (RFC 2606).
constexpr std::string_view k_client_domain = "client.modax.invalid";
// Clocks of plants differ: valid a little before it was made.
constexpr std::chrono::minutes k_backdated{5};
constexpr days k_longest{825};
constexpr std::size_t k_longest_name = 64;  // of a common name (RFC 5280, ub-common-name)

bool is_address(const std::string& host) {
    std::array<unsigned char, 16> bytes{};
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// Only what can't change the meaning of an extension's text.
bool is_host(const std::string& host) {
    if (host.empty() || host.size() > 253) return false;
    if (is_address(host)) return true;
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    };
    return std::all_of(host.begin(), host.end(), fits) && host.front() != '-' &&
           host.front() != '.' && host.find("..") == std::string::npos;
}

Status check_hosts(const std::vector<std::string>& hosts) {
    for (const auto& host : hosts) {
        if (!is_host(host)) {
            return fail(
                Errc::invalid_argument, "'" + host + "' is neither a host name nor an IP address"
            );
        }
    }
    return {};
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) {
        if (!text.empty()) text += ',';
        text += part;
    }
    return text;
}

std::string subject_names(const std::vector<std::string>& hosts) {
    std::vector<std::string> names;
    for (const auto& host : hosts) {
        std::string name = is_address(host) ? "IP:" : "DNS:";
        name += host;
        names.push_back(std::move(name));
    }
    return joined(names);
}

std::string name_constraints(const std::vector<std::string>& hosts) {
    std::vector<std::string> permitted{"permitted;DNS:" + std::string{k_client_domain}};
    // Without one of its kind an authority could vouch for every address.
    std::vector<std::string> all{"127.0.0.1", "::1"};
    all.insert(all.end(), hosts.begin(), hosts.end());
    for (const auto& host : all) {
        std::string name = "permitted;";
        if (!is_address(host)) {
            name += "DNS:" + host;
        } else if (host.find(':') == std::string::npos) {
            name += "IP:" + host + "/255.255.255.255";
        } else {
            name += "IP:" + host + "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        }
        permitted.push_back(std::move(name));
    }
    return "critical," + joined(permitted);
}

KeyPointer make_key() {
    return KeyPointer{EVP_EC_gen("P-256")};
}

std::string certificate_pem(X509* certificate) {
    const BioPointer out{BIO_new(BIO_s_mem())};
    if (!out || PEM_write_bio_X509(out.get(), certificate) != 1) return {};
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Secret key_pem(EVP_PKEY* key) {
    const BioPointer out{BIO_new(BIO_s_secmem())};
    const bool written =
        out && PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
    if (!written) return {};
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return Secret{std::string_view{data, static_cast<std::size_t>(size)}};
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

}  // namespace

struct DevelopmentAuthority::Parts {
    CertificatePointer certificate;
    KeyPointer key;
    Timestamp now;

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
        good = good && X509_sign(made.get(), key.get(), EVP_sha256()) > 0;
        if (!good)
            return openssl_failure("cannot make the certificate of " + std::string{common_name});
        return made;
    }

    Result<IssuedCertificate> issue(
        std::string_view common_name, std::string_view usage, const std::string& names
    ) const {
        const KeyPointer subject_key = make_key();
        if (!subject_key) return openssl_failure("cannot make a key");
        const auto ends = X509_get0_notAfter(certificate.get());
        std::tm parts{};
        ASN1_TIME_to_tm(ends, &parts);
        const Timestamp not_after{std::chrono::seconds{timegm(&parts)}};
        auto made = sign(
            subject_key.get(),
            common_name,
            not_after,
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
    const std::vector<std::string>& hosts, days lifetime, const Clock& clock
) {
    if (auto checked = check_hosts(hosts); !checked) return tl::make_unexpected(checked.error());
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
    const BioPointer certificate_text{
        BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()))};
    parts->certificate.reset(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
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
    const BioPointer text{
        BIO_new_mem_buf(issued->certificate.data(), static_cast<int>(issued->certificate.size()))};
    const CertificatePointer made{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
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

}  // namespace modax::security
