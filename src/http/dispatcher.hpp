// From a parsed request to its answer: route, key, scope, device, handler. Deny by default.
#pragma once

#include "core/secret.hpp"
#include "http/access_record.hpp"
#include "http/call.hpp"
#include "http/rate_limits.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace modax::http {

// What one connection remembers of who asked last: a key is looked up twice a second at most, so
// that a revoked one still ends within a second (PROMISES P10).
struct Caller {
    std::string address;  // where the connection comes from
    bool loopback = false;
    bool tls = false;
    Secret key;
    Principal principal;
    SteadyTime checked{};
    bool known = false;
    // Null: no limit.
    std::shared_ptr<TokenBucket> address_bucket;
    std::shared_ptr<TokenBucket> refusal_bucket;
    std::shared_ptr<TokenBucket> key_bucket;
    UntoldAccesses untold;
};

// Fills `response`, which is reset before. Returns the number of the route in routes(), or
// Figures::k_max_routes without one.
std::size_t dispatch(
    const Services& services, Caller& caller, const Request& request, Response& response
);

}  // namespace modax::http
