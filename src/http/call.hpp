// One request as a handler sees it, and the table of all of them.
#pragma once

#include "core/principal.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/server.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace modax::http {

class Permits;
class RateLimits;
class Tickets;

// Lives as long as the server.
struct Services {
    const ServerOptions& options;
    const Dependencies& dependencies;
    Tickets& tickets;
    Permits& live_clients;
    RateLimits& rate_limits;
    std::shared_ptr<const std::string> openapi;  // documents of openapi.hpp
    std::shared_ptr<const std::string> asyncapi;
};

struct Call {
    const Request& request;
    const Principal& principal;
    std::string_view key;        // the API key as sent; empty without one
    std::string_view parameter;  // what stands for {id}, still percent-encoded
    std::string_view address;    // of the caller
    const Device* device;        // the device of the path; nullptr when the route has none
    const Services& services;
    bool tls = false;
};

// Runs on an I/O thread: must not wait; what needs the store sets Response::producer.
using Handler = void (*)(const Call& call, Response& response);

enum class Access : std::uint8_t {
    open,             // anyone
    key,              // an API key with the scope of the route
    key_or_loopback,  // or without a key from this machine
    key_or_ticket,    // or a one-use ticket in the query (WebSocket from browsers)
};

// What a key that is only for certain devices sees of a route.
enum class DeviceRule : std::uint8_t {
    none,         // nothing of a device is told
    of_path,      // {id} must be one of them
    filtered,     // the handler shows only those
    all_devices,  // such a key is refused
};

struct Route {
    Method method;             // get also answers HEAD
    std::string_view pattern;  // "/api/v1/devices/{id}"
    Access access;
    std::string_view scope;  // empty only with Access::open
    DeviceRule devices;
    Handler handler;
};

// All that is served; anything else is 404 or 405.
std::span<const Route> routes();

}  // namespace modax::http
