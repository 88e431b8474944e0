#include "support/opcua_load/client.hpp"

#include <open62541/client_config_default.h>
#include <open62541/plugin/log_stdout.h>
#include <open62541/plugin/pki_default.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace modax::test {
namespace {

std::string content_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error{"can't read " + file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

UA_ByteString bytes(std::string& text) {
    return {text.size(), reinterpret_cast<UA_Byte*>(text.data())};
}

void secure(UA_ClientConfig& config, const OpcUaTarget& target) {
    std::string certificate = content_of(target.certificate_file);
    std::string key = content_of(target.key_file);
    expect_good(
        UA_ClientConfig_setDefaultEncryption(
            &config, bytes(certificate), bytes(key), nullptr, 0, nullptr, 0
        ),
        "the client's certificate"
    );
    UA_CertificateVerification_AcceptAll(&config.certificateVerification);
    config.securityMode = UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
    UA_String_clear(&config.securityPolicyUri);
    config.securityPolicyUri =
        UA_STRING_ALLOC("http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256");
    UA_String_clear(&config.clientDescription.applicationUri);
    config.clientDescription.applicationUri = UA_STRING_ALLOC(target.application_uri.c_str());
}

}  // namespace

void expect_good(UA_StatusCode code, const std::string& what) {
    if (code == UA_STATUSCODE_GOOD) return;
    throw std::runtime_error{what + ": " + UA_StatusCode_name(code)};
}

OpcUaClient connect(const OpcUaTarget& target) {
    UA_ClientConfig config{};
    config.logging = UA_Log_Stdout_new(UA_LOGLEVEL_FATAL);
    if (target.certificate_file.empty()) {
        expect_good(UA_ClientConfig_setDefault(&config), "the client's configuration");
    } else {
        secure(config, target);
    }
    config.timeout = 20'000;
    OpcUaClient client{UA_Client_newWithConfig(&config)};
    const auto connected =
        target.user.empty()
            ? UA_Client_connect(client.get(), target.url.c_str())
            : UA_Client_connectUsername(
                  client.get(), target.url.c_str(), target.user.c_str(), target.password.c_str()
              );
    expect_good(connected, "connecting to " + target.url);
    return client;
}

std::vector<std::string> nodes_of(const OpcUaTarget& target) {
    std::vector<std::string> nodes;
    for (unsigned device = 0; device < target.devices; ++device) {
        std::array<char, 16> number{};
        std::snprintf(number.data(), number.size(), "%05u", device);
        for (const std::string& member : target.members) {
            nodes.push_back(std::string{"MODAX.Devices.FLOOD-"} + number.data() + '.' + member);
        }
    }
    return nodes;
}

UA_NodeId node_id(const std::string& path) {
    return UA_NODEID_STRING(1, const_cast<char*>(path.c_str()));  // NOLINT: C has no const here
}

}  // namespace modax::test
