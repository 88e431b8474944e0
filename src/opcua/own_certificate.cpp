#include "opcua/own_certificate.hpp"

#include "opcua/certificate.hpp"
#include "opcua/ua.hpp"

#include <arpa/inet.h>
#include <open62541/plugin/create_certificate.h>
#include <open62541/plugin/log_stdout.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

namespace modax::opcua {
namespace {

namespace fs = std::filesystem;
using PrivateKeyPointer = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

constexpr UA_UInt16 k_lifetime_days = 730;
constexpr UA_UInt16 k_key_bits = 2048;

bool is_address(const std::string& host) {
    std::array<unsigned char, 16> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

Result<OwnCertificate> make(const std::vector<std::string>& hosts) {
    std::vector<std::string> names{std::string{"URI:"} + k_application_uri};
    for (const auto& host : hosts) names.push_back((is_address(host) ? "IP:" : "DNS:") + host);
    std::vector<UA_String> alternative_names;
    alternative_names.reserve(names.size());
    for (const auto& name : names) alternative_names.push_back(view(name));
    std::array<UA_String, 2> subject{view("CN=MODAX gateway"), view("O=MODAX")};

    UA_KeyValueMap* parameters = UA_KeyValueMap_new();
    UA_UInt16 days = k_lifetime_days;
    UA_UInt16 bits = k_key_bits;
    UA_KeyValueMap_setScalar(
        parameters,
        UA_QUALIFIEDNAME(0, const_cast<char*>("expires-in-days")),  // NOLINT: read only
        &days,
        &UA_TYPES[UA_TYPES_UINT16]
    );
    UA_KeyValueMap_setScalar(
        parameters,
        UA_QUALIFIEDNAME(0, const_cast<char*>("key-size-bits")),  // NOLINT: read only
        &bits,
        &UA_TYPES[UA_TYPES_UINT16]
    );
    UA_ByteString key = UA_BYTESTRING_NULL;
    UA_ByteString certificate = UA_BYTESTRING_NULL;
    const auto code = UA_CreateCertificate(
        UA_Log_Stdout,
        subject.data(),
        subject.size(),
        alternative_names.data(),
        alternative_names.size(),
        UA_CERTIFICATEFORMAT_DER,
        parameters,
        &key,
        &certificate
    );
    UA_KeyValueMap_delete(parameters);
    OwnCertificate made;
    if (code == UA_STATUSCODE_GOOD) {
        made.certificate = to_string(certificate);
        made.key = Secret{to_string(key)};
    }
    UA_ByteString_memZero(&key);
    UA_ByteString_clear(&key);
    UA_ByteString_clear(&certificate);
    if (auto checked = check(code, "can't make the OPC UA server's certificate"); !checked) {
        return tl::make_unexpected(checked.error());
    }
    return made;
}

fs::path certificate_file_of(const fs::path& root) {
    return root / "own" / "server.der";
}
fs::path key_file_of(const fs::path& root) {
    return root / "own" / "server.key";
}

bool belong_together(const X509& certificate, std::string_view key) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
    PrivateKeyPointer parsed{d2i_AutoPrivateKey(nullptr, &bytes, static_cast<long>(key.size()))};
    if (!parsed) {
        const std::unique_ptr<BIO, FreeWith<BIO_free_all>> memory{
            BIO_new_mem_buf(key.data(), static_cast<int>(key.size()))};
        parsed.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
    }
    const bool match = parsed && X509_check_private_key(&certificate, parsed.get()) == 1;
    ERR_clear_error();
    return match;
}

// The key first: a certificate without one would be taken for complete.
Status write(const fs::path& root, const OwnCertificate& own, FileSystem& files) {
    auto written = files.write_atomic(key_file_of(root), own.key.reveal(), 0600);
    if (written) written = files.write_atomic(certificate_file_of(root), own.certificate, 0644);
    return written;
}

}  // namespace

Result<OwnCertificate> own_certificate(
    const fs::path& root, const std::vector<std::string>& hosts, FileSystem& files, Log& log
) {
    if (files.exists(certificate_file_of(root)) && files.exists(key_file_of(root))) {
        return read_own_certificate(root, files);
    }
    auto made = make(hosts);
    if (!made) return made;
    if (auto written = write(root, *made, files); !written) {
        return tl::make_unexpected(written.error());
    }
    log.info(
        "opcua",
        "made the server's certificate; clients have to trust it once",
        {{"file", certificate_file_of(root).string()}}
    );
    return made;
}

Status renew_own_certificate(
    const fs::path& root, const std::vector<std::string>& hosts, FileSystem& files
) {
    const auto made = make(hosts);
    if (!made) return tl::make_unexpected(made.error());
    return write(root, *made, files);
}

Result<OwnCertificate> read_own_certificate(const fs::path& root, const FileSystem& files) {
    const auto certificate = files.read(certificate_file_of(root));
    if (!certificate) return tl::make_unexpected(certificate.error());
    const auto key = files.read(key_file_of(root));
    if (!key) return tl::make_unexpected(key.error());
    const auto parsed = parse_certificate(*certificate);
    if (!parsed || !belong_together(*parsed, *key)) {
        return fail(
            Errc::data_loss,
            certificate_file_of(root).string() +
                (parsed ? " does not belong to server.key beside it" : " is no certificate") +
                "; put the right one there, or remove both so that they are made again"
        );
    }
    return OwnCertificate{to_der(*parsed), Secret{*key}};
}

}  // namespace modax::opcua
