#include "app/endpoints_file.hpp"

#include "core/flat_json.hpp"

#include <unistd.h>

namespace modax::app {
namespace {

std::string reachable(const std::string& bind) {
    if (bind == "0.0.0.0") return "127.0.0.1";
    if (bind == "::") return "[::1]";
    return bind.find(':') == std::string::npos ? bind : "[" + bind + "]";
}

class Members {
public:
    void add(std::string_view name, std::string_view value) {
        begin(name);
        append_json_string(json_, value);
    }
    void add(std::string_view name, std::int64_t value) {
        begin(name);
        json_ += std::to_string(value);
    }
    void add_url(
        std::string_view name,
        std::string_view scheme,
        const std::string& bind,
        std::optional<std::uint16_t> port,
        std::string_view path = {}
    ) {
        if (!port) return;
        std::string url{scheme};
        url += "://";
        url += reachable(bind);
        url += ':';
        url += std::to_string(*port);
        url += path;
        add(name, url);
    }
    std::string finish() && { return std::move(json_) + "\n}\n"; }

private:
    void begin(std::string_view name) {
        json_ += json_.size() == 1 ? "\n  " : ",\n  ";
        append_json_string(json_, name);
        json_ += ": ";
    }
    std::string json_ = "{";
};

}  // namespace

std::filesystem::path endpoints_file(const std::filesystem::path& data_dir) {
    return data_dir / "endpoints.json";
}

std::string endpoints_json(const GatewayEndpoints& endpoints) {
    Members members;
    if (const auto& plain = endpoints.http.plain) {
        members.add_url("http", "http", plain->bind, plain->port);
        members.add_url("ws", "ws", plain->bind, plain->port, "/ws");
    }
    if (const auto& tls = endpoints.http.tls) {
        members.add_url("https", "https", tls->bind, tls->port);
        members.add_url("wss", "wss", tls->bind, tls->port, "/ws");
    }
    members.add_url("mqtt", "mqtt", endpoints.mqtt_bind, endpoints.mqtt.tcp);
    members.add_url("mqtts", "mqtts", endpoints.mqtts_bind, endpoints.mqtt.tls);
    members.add_url("mqtt_ws", "ws", endpoints.mqtt_bind, endpoints.mqtt.websocket, "/mqtt");
    members.add_url(
        "mqtt_wss", "wss", endpoints.mqtts_bind, endpoints.mqtt.secure_websocket, "/mqtt"
    );
    members.add_url("opcua", "opc.tcp", endpoints.opcua_bind, endpoints.opcua);
    members.add("admin_key_file", endpoints.admin_key_file.string());
    if (!endpoints.ca_file.empty()) members.add("ca_file", endpoints.ca_file.string());
    members.add("pid", std::int64_t{::getpid()});
    return std::move(members).finish();
}

}  // namespace modax::app
