// Certificates as the tests of the rules want them, good or bad in one respect.
#pragma once

#include "opcua/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <string>

namespace modax::opcua {

using KeyPointer = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

struct CertificateWish {
    std::string name = "client";
    std::string uri = "urn:modax:test-client";
    long from_seconds = -3600;  // from now
    long until_seconds = 86'400;
    std::string constraints = "critical,CA:FALSE";
    std::string usage = "digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment";
    std::string extended = "clientAuth";
    const EVP_MD* digest = EVP_sha256();
    EVP_PKEY* key = nullptr;       // nullptr: the one of all tests
    const X509* issuer = nullptr;  // nullptr: self-signed
    EVP_PKEY* issuer_key = nullptr;
    long serial = 1;
};

// Making one takes a while, and which one it is does not matter to the rules.
inline EVP_PKEY* usual_key() {
    static const KeyPointer k_key{EVP_RSA_gen(2048U)};
    return k_key.get();
}

inline CertificatePointer make_certificate(const CertificateWish& wish) {
    CertificatePointer made{X509_new()};
    X509* certificate = made.get();
    EVP_PKEY* key = wish.key != nullptr ? wish.key : usual_key();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), wish.serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), wish.from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wish.until_seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto* words = reinterpret_cast<const unsigned char*>(wish.name.c_str());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, words, -1, -1, 0);
    X509_set_issuer_name(
        certificate, wish.issuer != nullptr ? X509_get_subject_name(wish.issuer) : name
    );
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const auto add = [&](int nid, const std::string& value) {
        if (value.empty()) return;
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    };
    add(NID_basic_constraints, wish.constraints);
    add(NID_key_usage, wish.usage);
    add(NID_ext_key_usage, wish.extended);
    add(NID_subject_alt_name, "URI:" + wish.uri + ",DNS:localhost");
    X509_sign(certificate, wish.issuer_key != nullptr ? wish.issuer_key : key, wish.digest);
    return made;
}

// The revocation list of an authority, with at most one certificate on it.
inline RevocationListPointer make_revocation_list(
    const X509& authority, EVP_PKEY* key, long revoked_serial
) {
    RevocationListPointer list{X509_CRL_new()};
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(&authority));
    const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> now{X509_gmtime_adj(nullptr, 0)};
    const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> next{
        X509_gmtime_adj(nullptr, 86'400)};
    X509_CRL_set1_lastUpdate(list.get(), now.get());
    X509_CRL_set1_nextUpdate(list.get(), next.get());
    if (revoked_serial != 0) {
        X509_REVOKED* entry = X509_REVOKED_new();
        ASN1_INTEGER* serial = ASN1_INTEGER_new();
        ASN1_INTEGER_set(serial, revoked_serial);
        X509_REVOKED_set_serialNumber(entry, serial);
        X509_REVOKED_set_revocationDate(entry, now.get());
        ASN1_INTEGER_free(serial);
        X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sort(list.get());
    X509_CRL_sign(list.get(), key, EVP_sha256());
    return list;
}

}  // namespace modax::opcua
