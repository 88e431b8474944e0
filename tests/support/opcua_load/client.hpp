// An open62541 client that is connected, encrypted. One thread.
#pragma once

#include <open62541/client.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace modax::test {

struct OpcUaTarget {
    std::string url;
    std::string certificate_file;  // DER; empty: without security
    std::string key_file;          // DER
    std::string application_uri = "urn:modax:test-client";
    std::string user;  // empty: anonymous
    std::string password;
    // How many devices FLOOD-00000, FLOOD-00001, … there are, and which of their members are asked
    // for.
    unsigned devices = 1;
    std::vector<std::string> members{"Temperature"};
};

struct DeleteClient {
    void operator()(UA_Client* client) const {
        UA_Client_disconnect(client);
        UA_Client_delete(client);
    }
};
using OpcUaClient = std::unique_ptr<UA_Client, DeleteClient>;

// Throws std::runtime_error with the status.
OpcUaClient connect(const OpcUaTarget& target);
// "MODAX.Devices.FLOOD-00007.Temperature" and so on: every member of every device.
std::vector<std::string> nodes_of(const OpcUaTarget& target);
// A view of the text.
UA_NodeId node_id(const std::string& path);
// Throws std::runtime_error.
void expect_good(UA_StatusCode code, const std::string& what);

}  // namespace modax::test
