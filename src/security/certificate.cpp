#include "security/certificate.hpp"

#include "core/hex.hpp"
#include "security/openssl_objects.hpp"

#include <arpa/inet.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>

namespace modax::security {
namespace {

std::string entry_of(const X509_NAME* name, int nid) {
    std::array<char, 256> text{};
    const int size = X509_NAME_get_text_by_NID(
        const_cast<X509_NAME*>(name), nid, text.data(), static_cast<int>(text.size())
    );
    return size > 0 ? std::string{text.data(), static_cast<std::size_t>(size)} : std::string{};
}

Timestamp to_timestamp(const ASN1_TIME* time) {
    std::tm parts{};
    ASN1_TIME_to_tm(time, &parts);
    return Timestamp{std::chrono::seconds{timegm(&parts)}};
}

std::string text_of(const GENERAL_NAME& name) {
    if (name.type == GEN_DNS) {
        const auto* data = ASN1_STRING_get0_data(name.d.dNSName);
        const auto size = static_cast<std::size_t>(ASN1_STRING_length(name.d.dNSName));
        return {reinterpret_cast<const char*>(data), size};
    }
    if (name.type != GEN_IPADD) return {};
    const int family = ASN1_STRING_length(name.d.iPAddress) == 4 ? AF_INET : AF_INET6;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* shown =
        inet_ntop(family, ASN1_STRING_get0_data(name.d.iPAddress), text.data(), text.size());
    return shown != nullptr ? shown : "";
}

}  // namespace

Result<CertificateFacts> read_certificate(std::string_view pem) {
    const BioPointer text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    const CertificatePointer certificate{
        text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr};
    if (!certificate) {
        return fail(
            Errc::invalid_argument, "there is no certificate in PEM form: " + openssl_reason()
        );
    }
    CertificateFacts facts;
    const X509_NAME* subject = X509_get_subject_name(certificate.get());
    const X509_NAME* issuer = X509_get_issuer_name(certificate.get());
    facts.subject = entry_of(subject, NID_commonName);
    facts.issuer = entry_of(issuer, NID_commonName);
    facts.development = entry_of(subject, NID_organizationName) == k_development_organisation ||
                        entry_of(issuer, NID_organizationName) == k_development_organisation;
    facts.not_before = to_timestamp(X509_get0_notBefore(certificate.get()));
    facts.not_after = to_timestamp(X509_get0_notAfter(certificate.get()));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) == 1) {
        facts.thumbprint = to_hex({reinterpret_cast<const char*>(digest.data()), size});
    }
    const NamesPointer names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)
    )};
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto name = text_of(*sk_GENERAL_NAME_value(names.get(), i));
        if (!name.empty()) facts.names.push_back(std::move(name));
    }
    return facts;
}

Result<RevocationListFacts> read_revocation_list(std::string_view pem) {
    const BioPointer text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    const RevocationListPointer list{
        text ? PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr) : nullptr};
    if (!list) {
        return fail(
            Errc::invalid_argument, "there is no revocation list in PEM form: " + openssl_reason()
        );
    }
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list.get());
    if (next == nullptr) {
        return fail(Errc::invalid_argument, "the revocation list does not say until when it holds");
    }
    RevocationListFacts facts;
    facts.issuer = entry_of(X509_CRL_get_issuer(list.get()), NID_commonName);
    facts.next_update = to_timestamp(next);
    const auto* revoked = X509_CRL_get_REVOKED(list.get());
    facts.revoked = revoked != nullptr ? static_cast<std::size_t>(sk_X509_REVOKED_num(revoked)) : 0;
    return facts;
}

}  // namespace modax::security
