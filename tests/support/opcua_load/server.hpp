// A server of open62541 alone: the devices and members of a gateway, written from memory.
#pragma once

#include <cstdint>
#include <string>

namespace modax::test {

struct BareServerOptions {
    std::uint16_t port = 0;
    std::string certificate_file;  // DER; empty: without security
    std::string key_file;
    unsigned devices = 1;
    double updates = 0;  // of a device's members together, each second over all devices
};

// Prints "ready" when it listens; until SIGTERM.
void serve(const BareServerOptions& options);

}  // namespace modax::test
