// Adds nodes with the ids, names and properties of our own, whatever their type would make.
// Internal to opcua. Any thread; takes the server's lock for each call.
#pragma once

#include "core/reading.hpp"
#include "opcua/ua.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace modax::opcua {

// UNECE Recommendation 20, as Part 8, section 5.6.4.3 wants it.
struct Unit {
    std::string_view code;         // "CEL"
    std::string_view symbol;       // "°C"
    std::string_view description;  // "degree Celsius"
};

struct VariableSpec {
    std::string path;  // of the node id
    std::string_view name;
    std::string_view description;
    const UA_DataType* type = nullptr;
    std::optional<Unit> unit{};
    bool property = false;
    bool mandatory = false;  // of a type: instances must have it
    bool history = false;    // HistoryRead works
};

UA_VariableAttributes variable_attributes(const VariableSpec& spec);

class Nodes {
public:
    explicit Nodes(UA_Server& server) : server_{server} {}

    Status folder(std::string_view path, std::string_view name, const UA_NodeId& parent);
    // With the value BadWaitingForInitialData until one is written. `context` goes to the checks
    // of access.
    Status variable(const VariableSpec& spec, const UA_NodeId& parent, void* context);
    // A property whose value never changes.
    Status constant(const VariableSpec& spec, const UA_NodeId& parent, void* value, void* context);
    Status object_type(std::string_view path, std::string_view name, std::string_view description);
    // An object is complete once it has its children and finish() was called.
    Status begin_object(
        std::string_view path,
        std::string_view name,
        std::string_view description,
        const UA_NodeId& parent,
        const UA_NodeId& type,
        void* context
    );
    Status finish(std::string_view path);

private:
    UA_Server& server_;
};

// A good value of the node's own type.
void write_scalar(
    UA_Server& server,
    std::string_view path,
    const void* value,
    const UA_DataType& type,
    Timestamp source_time
);
// Writes a value; `value` none: only the status. False when the server refused.
bool write_value(
    UA_Server& server,
    std::string_view path,
    const MetricValue* value,
    Timestamp source_time,
    UA_StatusCode status
);

}  // namespace modax::opcua
