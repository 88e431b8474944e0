// X.509 certificates as OPC UA reads them (Part 6, section 6.2.2). Internal to opcua.
#pragma once

#include "core/opcua.hpp"

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace modax::opcua {

template <auto free_object>
struct FreeWith {
    template <typename Object>
    void operator()(Object* object) const {
        free_object(object);
    }
};
using CertificatePointer = std::unique_ptr<X509, FreeWith<X509_free>>;
using RevocationListPointer = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;

// DER or PEM; nullptr when it is neither. A chain: its first certificate.
CertificatePointer parse_certificate(std::string_view bytes);
RevocationListPointer parse_revocation_list(std::string_view bytes);
std::string to_der(const X509& certificate);

std::string thumbprint_of(const X509& certificate);  // SHA-256, hexadecimal
std::string common_name_of(const X509& certificate);
std::string application_uri_of(const X509& certificate);  // empty: none
std::vector<std::string> hosts_of(const X509& certificate);
Timestamp to_timestamp(const ASN1_TIME* time);
// Everything but state and finding.
OpcUaCertificate summary_of(const X509& certificate);

}  // namespace modax::opcua
