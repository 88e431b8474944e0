// What the audit log is told of requests: each access once a minute for each key, route and device
// of a connection, and each refusal. Internal to http; the connection's I/O thread only.
#pragma once

#include "http/call.hpp"

#include <cstdint>
#include <string>

namespace modax::http {

struct Caller;

// Equal accesses of a connection that the audit log was not told of yet.
struct UntoldAccesses {
    const Route* route = nullptr;
    const Device* device = nullptr;
    std::string key_id;
    std::int64_t minute = 0;  // since 1970
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;  // of the answers, whatever the route
};

// Costs next to nothing when it is the same as the last one.
void record_access(
    const Services& services, Caller& caller, const Route& route, const Device* device
);
void record_refusal(
    const Services& services,
    const Caller& caller,
    const Route& route,
    const Request& request,
    std::string_view why
);
// When a minute is over, and at the end of the connection (`now` empty).
void tell_accesses(const Services& services, Caller& caller, bool all);

}  // namespace modax::http
