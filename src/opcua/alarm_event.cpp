#include "opcua/alarm_event.hpp"

#include <array>
#include <initializer_list>
#include <vector>

namespace modax::opcua {
namespace {

// The fields of one event, which open62541 keeps as nodes until it is sent.
class Fields {
public:
    Fields(UA_Server& server, const UA_NodeId& event, const Device* device)
        : server_{server},
          event_{event},
          context_{const_cast<Device*>(device)} {}  // NOLINT: open62541 has no const contexts

    template <typename Value>
    void set(std::initializer_list<std::string_view> path, const Value& value, int type) {
        std::vector<UA_QualifiedName> names;
        for (const std::string_view name : path) names.push_back({0, view(name)});
        UA_BrowsePathResult found =
            UA_Server_browseSimplifiedBrowsePath(&server_, event_, names.size(), names.data());
        if (found.statusCode == UA_STATUSCODE_GOOD && found.targetsSize > 0) {
            const UA_NodeId& node = found.targets[0].targetId.nodeId;
            UA_Variant variant;
            UA_Variant_setScalarCopy(&variant, &value, &UA_TYPES[type]);
            UA_Server_writeValue(&server_, node, variant);
            UA_Variant_clear(&variant);
            UA_Server_setNodeContext(&server_, node, context_);
        }
        UA_BrowsePathResult_clear(&found);
    }

private:
    UA_Server& server_;
    const UA_NodeId& event_;
    void* context_;
};

}  // namespace

Status send(UA_Server& server, const AlarmEvent& event) {
    UA_NodeId node = UA_NODEID_NULL;
    const auto made = UA_Server_createEvent(&server, standard(UA_NS0ID_ALARMCONDITIONTYPE), &node);
    if (made != UA_STATUSCODE_GOOD) return check(made, "an event");
    const UA_NodeId source =
        event.source_path.empty() ? standard(UA_NS0ID_SERVER) : node_id(event.source_path);
    Fields fields{server, node, event.device};
    fields.set({"Time"}, to_date_time(event.time), UA_TYPES_DATETIME);
    fields.set({"Severity"}, UA_UInt16{event.severity}, UA_TYPES_UINT16);
    fields.set({"Message"}, text(event.message), UA_TYPES_LOCALIZEDTEXT);
    fields.set({"SourceName"}, view(event.source_name), UA_TYPES_STRING);
    fields.set({"SourceNode"}, source, UA_TYPES_NODEID);
    fields.set({"ConditionName"}, view(event.condition), UA_TYPES_STRING);
    fields.set({"Retain"}, event.active || !event.acknowledged, UA_TYPES_BOOLEAN);
    fields.set({"EnabledState"}, text("Enabled"), UA_TYPES_LOCALIZEDTEXT);
    fields.set({"EnabledState", "Id"}, true, UA_TYPES_BOOLEAN);
    fields.set({"ActiveState"}, text(event.active ? "Active" : "Inactive"), UA_TYPES_LOCALIZEDTEXT);
    fields.set({"ActiveState", "Id"}, event.active, UA_TYPES_BOOLEAN);
    fields.set(
        {"AckedState"},
        text(event.acknowledged ? "Acknowledged" : "Unacknowledged"),
        UA_TYPES_LOCALIZEDTEXT
    );
    fields.set({"AckedState", "Id"}, event.acknowledged, UA_TYPES_BOOLEAN);
    const auto sent = UA_Server_triggerEvent(&server, node, source, nullptr, true);
    UA_NodeId_clear(&node);
    return check(sent, "an event of " + event.source_name);
}

}  // namespace modax::opcua
