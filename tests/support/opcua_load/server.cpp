#include "support/opcua_load/server.hpp"

#include "support/opcua_load/client.hpp"

#include <open62541/plugin/log_stdout.h>
#include <open62541/plugin/pki_default.h>
#include <open62541/server.h>
#include <open62541/server_config_default.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stop_token>
#include <thread>

namespace modax::test {
namespace {

// Those of a gateway's device that a reading changes.
constexpr std::array<const char*, 7> k_members{
    "Temperature", "Current", "Vibration", "SpindleSpeed", "Power", "FeedRate", "IsSafe"};
constexpr std::size_t k_changing = 5;
std::atomic<bool> stopping{false};  // NOLINT: a signal handler reaches nothing else

UA_ByteString bytes(std::string& text) {
    return {text.size(), reinterpret_cast<UA_Byte*>(text.data())};
}

std::string content_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void configure(UA_ServerConfig& config, const BareServerOptions& options) {
    config.logging = UA_Log_Stdout_new(UA_LOGLEVEL_FATAL);
    if (options.certificate_file.empty()) {
        expect_good(UA_ServerConfig_setMinimal(&config, options.port, nullptr), "the server");
    } else {
        std::string certificate = content_of(options.certificate_file);
        std::string key = content_of(options.key_file);
        const auto own = bytes(certificate);
        const auto secret = bytes(key);
        expect_good(
            UA_ServerConfig_setDefaultWithSecurityPolicies(
                &config, options.port, &own, &secret, nullptr, 0, nullptr, 0, nullptr, 0
            ),
            "the server"
        );
        config.secureChannelPKI.clear(&config.secureChannelPKI);
        UA_CertificateVerification_AcceptAll(&config.secureChannelPKI);
        config.sessionPKI.clear(&config.sessionPKI);
        UA_CertificateVerification_AcceptAll(&config.sessionPKI);
    }
    config.samplingIntervalLimits = {0, 3'600'000};
    config.publishingIntervalLimits = {10, 3'600'000};
}

std::vector<std::string> add_nodes(UA_Server* server, unsigned devices) {
    OpcUaTarget target;
    target.devices = devices;
    target.members.assign(k_members.begin(), k_members.end());
    auto paths = nodes_of(target);
    for (const std::string& path : paths) {
        std::string name = path.substr(path.rfind('.') + 1);
        UA_VariableAttributes attributes = UA_VariableAttributes_default;
        double value = 0;
        UA_Variant_setScalar(&attributes.value, &value, &UA_TYPES[UA_TYPES_DOUBLE]);
        attributes.dataType = UA_TYPES[UA_TYPES_DOUBLE].typeId;
        attributes.valueRank = UA_VALUERANK_SCALAR;
        attributes.accessLevel = UA_ACCESSLEVELMASK_READ;
        expect_good(
            UA_Server_addVariableNode(
                server,
                node_id(path),
                UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER),
                UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES),
                UA_QUALIFIEDNAME(1, name.data()),
                UA_NODEID_NUMERIC(0, UA_NS0ID_BASEDATAVARIABLETYPE),
                attributes,
                nullptr,
                nullptr
            ),
            path
        );
    }
    return paths;
}

// As a gateway gets readings: the first five change, the others are written again.
void write_values(
    UA_Server* server,
    const std::vector<std::string>& paths,
    double updates,
    const std::stop_token& stop
) {
    using Clock = std::chrono::steady_clock;
    const std::size_t devices = paths.size() / k_members.size();
    const auto start = Clock::now();
    std::uint64_t done = 0;
    while (!stop.stop_requested()) {
        const std::chrono::duration<double> elapsed = Clock::now() - start;
        for (; static_cast<double>(done) < elapsed.count() * updates; ++done) {
            const std::size_t device = done % devices;
            for (std::size_t i = 0; i < k_members.size(); ++i) {
                double value = i < k_changing ? static_cast<double>(done) : 1;
                UA_DataValue data;
                UA_DataValue_init(&data);
                UA_Variant_setScalar(&data.value, &value, &UA_TYPES[UA_TYPES_DOUBLE]);
                data.hasValue = true;
                data.sourceTimestamp = UA_DateTime_now();
                data.hasSourceTimestamp = true;
                UA_Server_writeDataValue(
                    server, node_id(paths[device * k_members.size() + i]), data
                );
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

}  // namespace

void serve(const BareServerOptions& options) {
    std::signal(SIGTERM, [](int) { stopping = true; });
    UA_ServerConfig config{};
    configure(config, options);
    UA_Server* server = UA_Server_newWithConfig(&config);
    if (server == nullptr) expect_good(UA_STATUSCODE_BADINTERNALERROR, "the server");
    const auto paths = add_nodes(server, options.devices);
    expect_good(UA_Server_run_startup(server), "listening");
    std::cout << "ready" << std::endl;
    {
        std::jthread writer;
        if (options.updates > 0) {
            writer = std::jthread{[&](const std::stop_token& stop) {
                write_values(server, paths, options.updates, stop);
            }};
        }
        while (!stopping) UA_Server_run_iterate(server, true);
    }
    UA_Server_run_shutdown(server);
    UA_Server_delete(server);
}

}  // namespace modax::test
