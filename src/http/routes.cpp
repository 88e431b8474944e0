// Everything that is served, in one table. A route needs a scope unless it is open to anyone.
#include "http/resources.hpp"

#include <array>

namespace modax::http {
namespace {

constexpr std::string_view k_readings = "readings:read";
constexpr std::string_view k_metrics = "metrics:read";

constexpr std::array<Route, 16> k_routes{{
    // The one that is asked most comes first.
    {Method::get,
     "/api/v1/devices/{id}/data",
     Access::key,
     k_readings,
     DeviceRule::of_path,
     get_latest},
    {Method::get, "/api/v1/devices", Access::key, k_readings, DeviceRule::filtered, get_devices},
    {Method::get, "/api/v1/devices/{id}", Access::key, k_readings, DeviceRule::of_path, get_device},
    {Method::get,
     "/api/v1/devices/{id}/safety",
     Access::key,
     k_readings,
     DeviceRule::of_path,
     get_safety},
    {Method::get,
     "/api/v1/devices/{id}/history",
     Access::key,
     k_readings,
     DeviceRule::of_path,
     get_history},
    {Method::get,
     "/api/v1/quarantine",
     Access::key,
     "quarantine:read",
     DeviceRule::all_devices,
     get_quarantine},
    {Method::get, "/api/v1/accounting", Access::key, k_metrics, DeviceRule::none, get_accounting},
    {Method::post,
     "/api/v1/ws-tickets",
     Access::key,
     k_readings,
     DeviceRule::filtered,
     post_ticket},
    {Method::get, "/ws", Access::key_or_ticket, k_readings, DeviceRule::filtered, get_live},
    {Method::get,
     "/ws/device/{id}",
     Access::key_or_ticket,
     k_readings,
     DeviceRule::of_path,
     get_device_live},
    {Method::get, "/metrics", Access::key_or_loopback, k_metrics, DeviceRule::none, get_metrics},
    {Method::get, "/health", Access::open, {}, DeviceRule::none, get_health},
    {Method::get, "/ready", Access::open, {}, DeviceRule::none, get_ready},
    {Method::get, "/api/v1", Access::open, {}, DeviceRule::none, get_index},
    {Method::get, "/api/v1/", Access::open, {}, DeviceRule::none, get_index},
    {Method::get, "/", Access::open, {}, DeviceRule::none, get_console},
}};

}  // namespace

std::span<const Route> routes() {
    return k_routes;
}

}  // namespace modax::http
