// The sections of the schema, one function each. Internal to config.
#pragma once

#include "config/schema.hpp"

namespace modax::config {

Section general_section();
Section log_section();
Section http_section();
Section https_section();
Section websocket_section();
Section mqtt_section();
Section mqtts_section();
Section tls_section();
Section ingest_section();
Section landing_section();
Section audit_section();
Section rollups_section();
Section database_section();
Section analysis_section();
Section operations_section();
Section opcua_section();
Section uplink_section();
Section connectors_section();

}  // namespace modax::config
