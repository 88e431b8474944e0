// The schema of the connectors: where their files are, and whom they may call.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section connectors_section() {
    return {
        "connectors",
        "Deliveries of reports into other systems; see docs/delivery.md.",
        {
            path(
                MODAX_KEY(connectors.directory),
                "The directory with the connector files (*.toml); empty: nothing is delivered."
            ),
            list(
                MODAX_KEY(connectors.allowed_hosts),
                "The host names that connectors may call, as they stand in their URLs."
            ),
            list(
                MODAX_KEY(connectors.allowed_networks),
                "Networks whose addresses are not public but may be called, such as "
                "\"10.1.0.0/16\"; without an entry loopback, private and link-local addresses are "
                "refused."
            ),
        }};
}

}  // namespace modax::config
