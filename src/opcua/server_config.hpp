// What open62541 is told before it starts. Internal to opcua.
#pragma once

#include "opcua/access.hpp"
#include "opcua/own_certificate.hpp"
#include "opcua/server.hpp"

namespace modax::opcua {

// The names and addresses the server's certificate is made for.
std::vector<std::string> hosts_of(const ServerOptions& options);
// A port that is free now.
Result<std::uint16_t> free_port(const std::string& bind);
// Fills in an empty configuration. `logger` must outlive the server. Errors: io_error.
Status configure(
    UA_ServerConfig& config,
    const ServerOptions& options,
    const OwnCertificate& own,
    Access& access,
    UA_Logger& logger
);

}  // namespace modax::opcua
