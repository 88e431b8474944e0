#include "config/schema.hpp"

#include "config/schema_sections.hpp"

namespace modax::config {

const std::vector<Section>& schema() {
    static const std::vector<Section> k_sections{
        general_section(),
        log_section(),
        http_section(),
        https_section(),
        websocket_section(),
        mqtt_section(),
        mqtts_section(),
        tls_section(),
        ingest_section(),
        landing_section(),
        rollups_section(),
        database_section(),
        analysis_section(),
        audit_section(),
        operations_section(),
        opcua_section(),
        uplink_section(),
        connectors_section(),
    };
    return k_sections;
}

const Key* find_key(std::string_view name) {
    for (const Section& section : schema()) {
        for (const Key& key : section.keys) {
            if (key.name == name) return &key;
        }
    }
    return nullptr;
}

}  // namespace modax::config
