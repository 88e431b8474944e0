// open62541's log lines into the gateway's log. Internal to opcua.
#pragma once

#include "core/log.hpp"

#include <open62541/plugin/log.h>

namespace modax::opcua {

// Its warnings and errors; what is below is of use to developers of the library only, and goes to
// debug. `log` must outlive the logger.
UA_Logger make_logger(Log& log);

}  // namespace modax::opcua
