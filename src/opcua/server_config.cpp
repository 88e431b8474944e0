#include "opcua/server_config.hpp"

#include "core/version.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <open62541/server_config_default.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace modax::opcua {
namespace {

// A request of a SCADA system with 10,000 items has about 1 MiB.
constexpr UA_UInt32 k_max_message = 16U * 1024 * 1024;
constexpr UA_UInt32 k_max_chunks = 512;
constexpr UA_UInt32 k_max_nodes = 10'000;
constexpr double k_min_interval_ms = 10;
constexpr double k_max_interval_ms = 3'600'000;

std::string url_of(const ServerOptions& options) {
    const bool any = options.bind == "0.0.0.0" || options.bind == "::";
    std::string host = any ? std::string{} : options.bind;
    if (host.find(':') != std::string::npos) host = '[' + host + ']';
    return "opc.tcp://" + host + ':' + std::to_string(options.port);
}

void replace(UA_String& target, std::string_view words) {
    UA_String_clear(&target);
    const UA_String source = view(words);
    UA_String_copy(&source, &target);
}

void describe(UA_ServerConfig& config) {
    auto& application = config.applicationDescription;
    replace(application.applicationUri, k_application_uri);
    replace(application.productUri, k_application_uri);
    UA_LocalizedText_clear(&application.applicationName);
    application.applicationName = UA_LOCALIZEDTEXT_ALLOC("en", "MODAX gateway");
    auto& build = config.buildInfo;
    replace(build.productUri, k_application_uri);
    replace(build.manufacturerName, "MODAX");
    replace(build.productName, "MODAX gateway");
    replace(build.softwareVersion, k_version);
}

void limit(UA_ServerConfig& config, const ServerOptions& options) {
    config.tcpMaxMsgSize = k_max_message;
    config.tcpMaxChunks = k_max_chunks;
    config.maxSessions = static_cast<UA_UInt16>(options.max_sessions);
    // Clients open a channel to ask for endpoints before they open the one they stay on.
    config.maxSecureChannels = static_cast<UA_UInt16>(options.max_sessions + 20);
    config.maxSessionTimeout = 3'600'000;
    config.maxNodesPerRead = k_max_nodes;
    config.maxNodesPerWrite = k_max_nodes;
    config.maxNodesPerMethodCall = 100;
    config.maxNodesPerBrowse = k_max_nodes;
    config.maxNodesPerRegisterNodes = k_max_nodes;
    config.maxNodesPerTranslateBrowsePathsToNodeIds = k_max_nodes;
    config.maxNodesPerNodeManagement = 1;
    config.maxMonitoredItemsPerCall = k_max_nodes;
    config.maxReferencesPerNode = 10'000;
    config.maxSubscriptions = options.max_subscriptions;
    config.maxSubscriptionsPerSession = options.max_subscriptions;
    config.maxMonitoredItems = options.max_monitored_items;
    config.maxMonitoredItemsPerSubscription = options.max_monitored_items;
    config.publishingIntervalLimits = {k_min_interval_ms, k_max_interval_ms};
    // 0: a change is queued when it is written.
    config.samplingIntervalLimits = {0, k_max_interval_ms};
    config.queueSizeLimits = {1, 1000};
    config.maxNotificationsPerPublish = k_max_nodes;
    config.maxRetransmissionQueueSize = 20;
    config.maxPublishReqPerSession = 20;
    config.maxEventsPerNode = 100;
}

}  // namespace

std::vector<std::string> hosts_of(const ServerOptions& options) {
    std::vector<std::string> hosts;
    if (!options.host.empty()) hosts.push_back(options.host);
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0') {
        hosts.emplace_back(name.data());
    }
    hosts.emplace_back("localhost");
    hosts.emplace_back("127.0.0.1");
    const bool any = options.bind == "0.0.0.0" || options.bind == "::";
    if (!any && options.bind != "127.0.0.1") hosts.push_back(options.bind);
    return hosts;
}

Result<std::uint16_t> free_port(const std::string& bind_to) {
    const int family = bind_to.find(':') == std::string::npos ? AF_INET : AF_INET6;
    const int socket_fd = ::socket(family, SOCK_STREAM, 0);
    sockaddr_storage address{};
    socklen_t size = 0;
    if (family == AF_INET) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
        v4->sin_family = AF_INET;
        inet_pton(AF_INET, bind_to.c_str(), &v4->sin_addr);
        size = sizeof *v4;
    } else {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
        v6->sin6_family = AF_INET6;
        inet_pton(AF_INET6, bind_to.c_str(), &v6->sin6_addr);
        size = sizeof *v6;
    }
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = socket_fd >= 0 && ::bind(socket_fd, generic, size) == 0 &&
                       ::getsockname(socket_fd, generic, &size) == 0;
    if (socket_fd >= 0) ::close(socket_fd);
    if (!bound) return fail(Errc::io_error, "no free port on opcua.bind " + bind_to);
    const auto port = family == AF_INET ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                                        : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port;
    return ntohs(port);
}

Status configure(
    UA_ServerConfig& config,
    const ServerOptions& options,
    const OwnCertificate& own,
    Access& access,
    UA_Logger& logger
) {
    config.logging = &logger;
    auto code = UA_ServerConfig_setBasics_withPort(&config, options.port);
    if (code != UA_STATUSCODE_GOOD) return check(code, "can't prepare the OPC UA server");
    UA_Array_delete(config.serverUrls, config.serverUrlsSize, &UA_TYPES[UA_TYPES_STRING]);
    config.serverUrls = static_cast<UA_String*>(UA_Array_new(1, &UA_TYPES[UA_TYPES_STRING]));
    config.serverUrlsSize = 1;
    replace(config.serverUrls[0], url_of(options));
    describe(config);
    access.install(config);

    const UA_ByteString certificate = view(own.certificate);
    const UA_ByteString key = view(own.key.reveal());
    // None is there so that clients can ask for the endpoints before they have a certificate.
    code = UA_ServerConfig_addSecurityPolicyNone(&config, &certificate);
    for (const auto add :
         {UA_ServerConfig_addSecurityPolicyBasic256Sha256,
          UA_ServerConfig_addSecurityPolicyAes128Sha256RsaOaep,
          UA_ServerConfig_addSecurityPolicyAes256Sha256RsaPss}) {
        if (code == UA_STATUSCODE_GOOD) code = add(&config, &certificate, &key);
    }
    for (std::size_t i = 1; i < config.securityPoliciesSize && code == UA_STATUSCODE_GOOD; ++i) {
        const auto& uri = config.securityPolicies[i].policyUri;
        for (const auto mode :
             {UA_MESSAGESECURITYMODE_SIGNANDENCRYPT, UA_MESSAGESECURITYMODE_SIGN}) {
            if (code == UA_STATUSCODE_GOOD) code = UA_ServerConfig_addEndpoint(&config, uri, mode);
        }
    }
    if (code == UA_STATUSCODE_GOOD && options.allow_security_none) {
        code = UA_ServerConfig_addEndpoint(
            &config, config.securityPolicies[0].policyUri, UA_MESSAGESECURITYMODE_NONE
        );
    }
    config.securityPolicyNoneDiscoveryOnly = !options.allow_security_none;
    config.allowNonePolicyPassword = false;
    limit(config, options);
    return check(code, "can't prepare the OPC UA server's security");
}

}  // namespace modax::opcua
