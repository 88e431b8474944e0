// Everything that is served, in one table. A route needs a scope unless it is open to anyone.
#include "http/resources.hpp"

#include <array>

namespace modax::http {
namespace {

constexpr std::string_view k_readings = "readings:read";
constexpr std::string_view k_metrics = "metrics:read";

constexpr auto k_routes = std::to_array<Route>({
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
    {Method::get, "/api/v1/keys", Access::key, "keys:read", DeviceRule::all_devices, get_keys},
    {Method::post, "/api/v1/keys", Access::key, "keys:write", DeviceRule::none, post_key},
    {Method::post,
     "/api/v1/keys/{id}/rotate",
     Access::key,
     "keys:write",
     DeviceRule::all_devices,
     post_key_rotation},
    {Method::delete_,
     "/api/v1/keys/{id}",
     Access::key,
     "keys:write",
     DeviceRule::all_devices,
     delete_key},
    {Method::get, "/api/v1/users", Access::key, "users:read", DeviceRule::all_devices, get_users},
    {Method::put,
     "/api/v1/users/{id}",
     Access::key,
     "users:write",
     DeviceRule::all_devices,
     put_user},
    {Method::delete_,
     "/api/v1/users/{id}",
     Access::key,
     "users:write",
     DeviceRule::all_devices,
     delete_user},
    {Method::get, "/api/v1/roles", Access::key, "users:read", DeviceRule::all_devices, get_roles},
    {Method::put,
     "/api/v1/roles/{id}",
     Access::key,
     "users:write",
     DeviceRule::all_devices,
     put_role},
    {Method::delete_,
     "/api/v1/roles/{id}",
     Access::key,
     "users:write",
     DeviceRule::all_devices,
     delete_role},
    {Method::get, "/api/v1/audit", Access::key, "audit:read", DeviceRule::all_devices, get_audit},
    {Method::get, "/metrics", Access::key_or_loopback, k_metrics, DeviceRule::none, get_metrics},
    {Method::get, "/pki/ca.crl", Access::open, {}, DeviceRule::none, get_revocation_list},
    {Method::get, "/health", Access::open, {}, DeviceRule::none, get_health},
    {Method::get, "/ready", Access::open, {}, DeviceRule::none, get_ready},
    {Method::get, "/api/v1", Access::open, {}, DeviceRule::none, get_index},
    {Method::get, "/api/v1/", Access::open, {}, DeviceRule::none, get_index},
    {Method::get, "/", Access::open, {}, DeviceRule::none, get_console},
});

}  // namespace

std::span<const Route> routes() {
    return k_routes;
}

}  // namespace modax::http
