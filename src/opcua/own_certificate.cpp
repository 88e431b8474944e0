#include "opcua/own_certificate.hpp"

#include "opcua/certificate.hpp"
#include "opcua/ua.hpp"

#include <arpa/inet.h>
#include <open62541/plugin/create_certificate.h>
#include <open62541/plugin/log_stdout.h>

#include <array>

namespace modax::opcua {
namespace {

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

}  // namespace

Result<OwnCertificate> own_certificate(
    const std::filesystem::path& root,
    const std::vector<std::string>& hosts,
    FileSystem& files,
    Log& log
) {
    const auto certificate_file = root / "own" / "server.der";
    const auto key_file = root / "own" / "server.key";
    if (!files.exists(certificate_file) || !files.exists(key_file)) {
        auto made = make(hosts);
        if (!made) return made;
        // The key first: a certificate without one would be taken for complete.
        auto written = files.write_atomic(key_file, made->key.reveal(), 0600);
        if (written) written = files.write_atomic(certificate_file, made->certificate, 0644);
        if (!written) return tl::make_unexpected(written.error());
        log.info(
            "opcua",
            "made the server's certificate; clients have to trust it once",
            {{"file", certificate_file.string()}}
        );
        return made;
    }
    auto certificate = files.read(certificate_file);
    if (!certificate) return tl::make_unexpected(certificate.error());
    auto key = files.read(key_file);
    if (!key) return tl::make_unexpected(key.error());
    const auto parsed = parse_certificate(*certificate);
    if (!parsed) {
        return fail(
            Errc::data_loss,
            certificate_file.string() +
                " is no certificate; put one there, or remove it and "
                "the key so that they are made again"
        );
    }
    return OwnCertificate{to_der(*parsed), Secret{*key}};
}

}  // namespace modax::opcua
