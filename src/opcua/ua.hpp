// open62541's values with owners and without pitfalls. Internal to opcua.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <open62541/server.h>

#include <string>
#include <string_view>

namespace modax::opcua {

// The application URI, and so namespace 1: clients store both (Part 3, section 8.2.2).
inline constexpr const char* k_application_uri = "urn:modax:server";
inline constexpr UA_UInt16 k_namespace = 1;

// A view: open62541 copies what it is given, so the text has to live for the call only.
inline UA_String view(std::string_view text) {
    return {
        text.size(),
        const_cast<UA_Byte*>(reinterpret_cast<const UA_Byte*>(text.data()))  // NOLINT: read only
    };
}
inline UA_NodeId node_id(std::string_view path) {
    UA_NodeId id;
    id.namespaceIndex = k_namespace;
    id.identifierType = UA_NODEIDTYPE_STRING;
    id.identifier.string = view(path);
    return id;
}
inline UA_NodeId standard(UA_UInt32 number) {
    return UA_NODEID_NUMERIC(0, number);
}
inline UA_QualifiedName browse_name(std::string_view name) {
    return {k_namespace, view(name)};
}
inline UA_LocalizedText text(std::string_view words) {
    return {view("en"), view(words)};
}
inline std::string to_string(const UA_String& text) {
    return {reinterpret_cast<const char*>(text.data), text.length};
}
// Part 6, section 5.2.2.5: 100 ns since 1601.
inline UA_DateTime to_date_time(Timestamp time) {
    return to_micros(time) * UA_DATETIME_USEC + UA_DATETIME_UNIX_EPOCH;
}
inline Timestamp to_time(UA_DateTime time) {
    return from_micros((time - UA_DATETIME_UNIX_EPOCH) / UA_DATETIME_USEC);
}
inline Status check(UA_StatusCode code, std::string_view what) {
    if (code == UA_STATUSCODE_GOOD) return {};
    return fail(Errc::io_error, std::string{what} + ": " + UA_StatusCode_name(code));
}

}  // namespace modax::opcua
