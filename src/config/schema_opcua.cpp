// The schema of the OPC UA server.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section opcua_section() {
    using std::chrono::hours;
    using std::chrono::seconds;
    return {
        "opcua",
        "The OPC UA server. Its certificate, and the clients it trusts, are in opcua/ of the data "
        "directory.",
        {
            flag(MODAX_KEY(opcua.enabled), "Whether to listen for OPC UA clients."),
            address(MODAX_KEY(opcua.bind), "The address to listen on."),
            port(MODAX_KEY(opcua.port), "The port to listen on."),
            text(
                MODAX_KEY(opcua.host),
                "The name by which clients reach the gateway. It is in the endpoints they are "
                "shown, and in the certificate that is made at the first start; empty: the "
                "machine's name, or opcua.bind where that is one address."
            ),
            flag(
                MODAX_KEY(opcua.allow_security_none),
                "Whether clients may also come in without security, as anonymous; only for a "
                "look around on loopback."
            ),
            number(
                MODAX_KEY(opcua.max_sessions),
                "How many sessions may be open at a time.",
                1,
                10'000,
                "sessions"
            ),
            number(
                MODAX_KEY(opcua.max_subscriptions),
                "How many subscriptions all sessions may have together.",
                1,
                100'000,
                "subscriptions"
            ),
            number(
                MODAX_KEY(opcua.max_monitored_items),
                "How many monitored items all subscriptions may have together.",
                1,
                10'000'000,
                "items"
            ),
            duration(
                MODAX_KEY(opcua.stale_after),
                "A value that is older than this is shown as UncertainLastUsableValue.",
                seconds{1},
                hours{24 * 365}
            ),
            duration(
                MODAX_KEY(opcua.lost_after),
                "When nothing at all came from a device for this long, its values are shown as "
                "BadNoCommunication.",
                seconds{1},
                hours{24 * 365}
            ),
        }};
}

}  // namespace modax::config
