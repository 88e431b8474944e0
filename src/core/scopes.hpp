// What a key can be allowed, in one place: every route asks for one of these, and a key with
// another word is refused when it is made. Source: PROMISES 3.1.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace modax {

struct Scope {
    std::string_view name;
    std::string_view meaning;
};

inline constexpr std::array k_scopes{
    Scope{"readings:read", "devices, readings, live data"},
    Scope{"analysis:write", "acknowledge anomalies, tell of maintenance"},
    Scope{"quarantine:read", "what was quarantined, with its payload"},
    Scope{"metrics:read", "figures of the gateway"},
    Scope{"keys:read", "which API keys there are"},
    Scope{"keys:write", "make, rotate and revoke API keys"},
    Scope{"users:read", "which users and roles there are"},
    Scope{"users:write", "add, change and remove users and roles"},
    Scope{"audit:read", "the audit log"},
    Scope{"production:read", "production orders and what was reported of them"},
    Scope{"production:write", "make, start, interrupt and complete production orders"},
    Scope{"quality:read", "inspection lots and their results"},
    Scope{"quality:write", "report inspection results"},
    Scope{"equipment:read", "states and downtimes of equipment"},
    Scope{"equipment:write", "report states and downtimes of equipment"},
    Scope{"opcua:read", "certificates and sessions of the OPC UA server"},
    Scope{"opcua:write", "trust OPC UA clients, or no longer"},
    Scope{"outbox:read", "what is delivered to other systems, and how that went"},
    Scope{"outbox:write", "retry and discard deliveries"},
    Scope{"*", "all of these"},
};

inline bool is_known_scope(std::string_view name) {
    return std::any_of(k_scopes.begin(), k_scopes.end(), [&](const Scope& scope) {
        return scope.name == name;
    });
}

// "readings:read, quarantine:read, …"
inline std::string scope_names() {
    std::string names;
    for (const Scope& scope : k_scopes) {
        if (!names.empty()) names += ", ";
        names += scope.name;
    }
    return names;
}

}  // namespace modax
