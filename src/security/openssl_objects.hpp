// OpenSSL's objects with owners. Internal to security.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace modax::security {

template <auto free_object>
struct FreeWith {
    template <typename Object>
    void operator()(Object* object) const {
        free_object(object);
    }
};

using BioPointer = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, FreeWith<X509_free>>;
using RevocationListPointer = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using ExtensionPointer = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using NamesPointer = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

// The reason of the last failure, and an empty error queue.
inline std::string openssl_reason() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    std::string text = reason != nullptr ? reason : "unknown reason";
    ERR_clear_error();
    return text;
}

}  // namespace modax::security
