#include "opcua/address_space.hpp"

#include "opcua/device_nodes.hpp"

namespace modax::opcua {

Status add_address_space(UA_Server& server) {
    Nodes nodes{server};
    auto added = nodes.folder("MODAX", "MODAX", standard(UA_NS0ID_OBJECTSFOLDER));
    if (added) added = nodes.folder("MODAX.Devices", "Devices", node_id("MODAX"));
    if (added) added = nodes.folder("MODAX.AI", "AI", node_id("MODAX"));
    if (added) added = nodes.folder("MODAX.AI.Anomalies", "Anomalies", node_id("MODAX.AI"));
    if (added) added = DeviceNodes::add_type(server);
    return added;
}

}  // namespace modax::opcua
