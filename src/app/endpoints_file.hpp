// DATA_DIR/endpoints.json: where a running gateway is reached. There while it is ready, gone after
// a clean stop.
#pragma once

#include "core/file_system.hpp"
#include "core/result.hpp"
#include "http/server.hpp"
#include "mqtt/listener.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace modax::app {

std::filesystem::path endpoints_file(const std::filesystem::path& data_dir);

struct GatewayEndpoints {
    http::Endpoints http;
    std::string mqtt_bind;
    std::string mqtts_bind;
    mqtt::ListenerPorts mqtt;
    std::string opcua_bind;
    std::optional<std::uint16_t> opcua;
    std::filesystem::path admin_key_file;
    std::filesystem::path ca_file;  // empty: not known
};

// {"http": "http://127.0.0.1:8080", …}; a wildcard address is shown as the loopback one.
std::string endpoints_json(const GatewayEndpoints& endpoints);

}  // namespace modax::app
