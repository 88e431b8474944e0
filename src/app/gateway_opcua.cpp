// The OPC UA server of a gateway.
#include "app/gateway_parts.hpp"

namespace modax::app {

Status Gateway::Parts::build_opcua() {
    if (!config.opcua.enabled) return {};
    opcua_server = std::make_unique<opcua::Server>(
        opcua_options(config),
        opcua::Server::Parts{
            *users,
            *unusual_access,
            hub,
            *store,
            devices,
            files,
            clock,
            *log,
            *store,
            analysis.get(),
            health_sources(),
            store.get()}
    );
    auto port = opcua_server->start();
    if (!port) return tl::make_unexpected(port.error());
    opcua_port = *port;
    return {};
}

}  // namespace modax::app
