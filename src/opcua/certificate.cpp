#include "opcua/certificate.hpp"

#include "core/hex.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

namespace modax::opcua {
namespace {

using BioPointer = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using NamesPointer = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

template <class Object, auto from_der, auto from_pem>
Object* parse(std::string_view bytes) {
    const auto* start = reinterpret_cast<const unsigned char*>(bytes.data());
    Object* object = from_der(nullptr, &start, static_cast<long>(bytes.size()));
    if (object == nullptr) {
        const BioPointer memory{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
        if (memory) object = from_pem(memory.get(), nullptr, nullptr, nullptr);
    }
    ERR_clear_error();
    return object;
}

NamesPointer names_of(const X509& certificate) {
    return NamesPointer{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)
    )};
}

std::string text_of(const ASN1_STRING* text) {
    return {
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
        static_cast<std::size_t>(ASN1_STRING_length(text))};
}

}  // namespace

CertificatePointer parse_certificate(std::string_view bytes) {
    return CertificatePointer{parse<X509, d2i_X509, PEM_read_bio_X509>(bytes)};
}

RevocationListPointer parse_revocation_list(std::string_view bytes) {
    return RevocationListPointer{parse<X509_CRL, d2i_X509_CRL, PEM_read_bio_X509_CRL>(bytes)};
}

std::string to_der(const X509& certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(&certificate, &bytes);
    if (size <= 0) return {};
    std::string der{reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
    OPENSSL_free(bytes);
    return der;
}

std::string thumbprint_of(const X509& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

std::string common_name_of(const X509& certificate) {
    X509_NAME* name = X509_get_subject_name(&certificate);
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0) return {};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string application_uri_of(const X509& certificate) {
    const auto names = names_of(certificate);
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const auto* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_URI) return text_of(name->d.uniformResourceIdentifier);
    }
    return {};
}

std::vector<std::string> hosts_of(const X509& certificate) {
    std::vector<std::string> hosts;
    const auto names = names_of(certificate);
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const auto* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) hosts.push_back(text_of(name->d.dNSName));
        if (name->type != GEN_IPADD) continue;
        const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
        std::array<char, INET6_ADDRSTRLEN> shown{};
        const auto* address = ASN1_STRING_get0_data(name->d.iPAddress);
        if (inet_ntop(family, address, shown.data(), shown.size()) != nullptr) {
            hosts.emplace_back(shown.data());
        }
    }
    return hosts;
}

Timestamp to_timestamp(const ASN1_TIME* time) {
    std::tm parts{};
    ASN1_TIME_to_tm(time, &parts);
    return Timestamp{std::chrono::seconds{timegm(&parts)}};
}

OpcUaCertificate summary_of(const X509& certificate) {
    OpcUaCertificate summary;
    summary.thumbprint = thumbprint_of(certificate);
    summary.subject = common_name_of(certificate);
    summary.application_uri = application_uri_of(certificate);
    summary.not_before = to_timestamp(X509_get0_notBefore(&certificate));
    summary.not_after = to_timestamp(X509_get0_notAfter(&certificate));
    return summary;
}

}  // namespace modax::opcua
