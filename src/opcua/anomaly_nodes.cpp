#include "opcua/anomaly_nodes.hpp"

#include "opcua/device_nodes.hpp"

namespace modax::opcua {

AnomalyNodes::AnomalyNodes(const Device& device)
    : device_{device}, path_{"MODAX.AI.Anomalies." + DeviceNodes::name_of(device)} {}

Status AnomalyNodes::add(UA_Server& server) {
    Nodes nodes{server};
    void* context = const_cast<Device*>(&device_);  // NOLINT: open62541 has no const contexts
    const std::string name = DeviceNodes::name_of(device_);
    auto added = nodes.variable(
        {path_, name, "Whether the analysis sees an anomaly.", &UA_TYPES[UA_TYPES_BOOLEAN]},
        node_id("MODAX.AI.Anomalies"),
        context
    );
    VariableSpec score{path_ + ".Score", "Score", "How sure, 0 to 1.", &UA_TYPES[UA_TYPES_DOUBLE]};
    VariableSpec type{
        path_ + ".Type", "Type", "Kind of the anomaly, or empty.", &UA_TYPES[UA_TYPES_STRING]};
    score.property = true;
    type.property = true;
    if (added) added = nodes.variable(score, node_id(path_), context);
    if (added) added = nodes.variable(type, node_id(path_), context);
    return added;
}

void AnomalyNodes::write(UA_Server& server, const Analysis& analysis) const {
    const MetricValue active{analysis.has_anomaly};
    const MetricValue score{analysis.anomaly_score};
    const auto& kind = analysis.anomaly_type;
    const MetricValue type{std::string{kind ? modax::name_of(*kind) : std::string_view{}}};
    const auto good = UA_STATUSCODE_GOOD;
    write_value(server, path_ + ".Score", &score, analysis.time, good);
    write_value(server, path_ + ".Type", &type, analysis.time, good);
    write_value(server, path_, &active, analysis.time, good);
}

}  // namespace modax::opcua
