// The OPC UA server of a gateway.
#include "app/gateway_parts.hpp"

namespace modax::app {

Status Gateway::Parts::build_opcua() {
    if (!config.opcua.enabled) return {};
    opcua::ServerOptions options;
    options.bind = config.opcua.bind;
    options.port = config.opcua.port;
    options.host = config.opcua.host;
    options.folder = config.data_dir / "opcua";
    options.allow_security_none = config.opcua.allow_security_none;
    options.max_sessions = config.opcua.max_sessions;
    options.max_subscriptions = config.opcua.max_subscriptions;
    options.max_monitored_items = config.opcua.max_monitored_items;
    options.stale_after = config.opcua.stale_after;
    options.lost_after = config.opcua.lost_after;
    opcua_server = std::make_unique<opcua::Server>(
        std::move(options),
        opcua::Server::Parts{*users, *unusual_access, hub, devices, files, clock, *log}
    );
    auto port = opcua_server->start();
    if (!port) return tl::make_unexpected(port.error());
    opcua_port = *port;
    return {};
}

}  // namespace modax::app
