// Folders and types below Objects/MODAX that every server has. Internal to opcua.
#pragma once

#include "opcua/ua.hpp"

namespace modax::opcua {

// MODAX, MODAX.Devices, MODAX.AI, MODAX.AI.Anomalies, and the types. Errors: io_error.
Status add_address_space(UA_Server& server);

}  // namespace modax::opcua
