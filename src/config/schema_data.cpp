// The schema of the way of the data: ingest, landing store, uplink.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section ingest_section() {
    return {
        "ingest",
        "From messages to readings.",
        {
            text(
                MODAX_KEY(ingest.topic_prefix),
                "The first level of all topics: <prefix>/sensor/data/<device> and so on."
            ),
            flag(
                MODAX_KEY(ingest.auto_register),
                "Whether an unknown device is registered by its first reading; otherwise its "
                "readings go to the quarantine."
            ),
            duration(
                MODAX_KEY(ingest.future_tolerance),
                "How far the time of a reading may be ahead of the gateway's clock; beyond it the "
                "reading goes to the quarantine.",
                milliseconds{0},
                std::chrono::days{3650}
            ),
            size(
                MODAX_KEY(ingest.max_payload),
                "The largest payload that can be a reading; larger ones go to the quarantine.",
                256,
                16 * k_mebibyte
            ),
            number(
                MODAX_KEY(ingest.qos1_queue),
                "How many acknowledged (QoS 1 and 2) readings may wait to be stored; then "
                "senders have to wait.",
                1,
                10'000'000,
                "readings"
            ),
            number(
                MODAX_KEY(ingest.qos0_queue),
                "How many QoS 0 readings may wait to be stored; then the newest is dropped and "
                "counted.",
                1,
                10'000'000,
                "readings"
            ),
        }};
}

Section landing_section() {
    return {
        "landing",
        "The store every reading is synced to before it is acknowledged.",
        {
            number(
                MODAX_KEY(landing.group_max_readings),
                "How many readings are committed together at most.",
                1,
                100'000,
                "readings"
            ),
            duration(
                MODAX_KEY(landing.retention_age),
                "Older readings are deleted; \"0s\" keeps all.",
                milliseconds{0},
                std::chrono::days{36'500}
            ),
            size(
                MODAX_KEY(landing.retention_size),
                "When the store is larger, the oldest readings are deleted; 0 sets no limit.",
                0,
                1024 * k_mebibyte * k_mebibyte
            ),
            size(
                MODAX_KEY(landing.disk_quota),
                "How much of the disk the store may take; 0: all of it. The next two count from "
                "it.",
                0,
                1024 * k_mebibyte * k_mebibyte
            ),
            number(
                MODAX_KEY(landing.alert_percent),
                "How full the store may be before it is told in the log.",
                1,
                95,
                "percent"
            ),
            number(
                MODAX_KEY(landing.stop_percent),
                "How full the store may be before no more readings are taken; reads go on.",
                1,
                100,
                "percent"
            ),
            size(
                MODAX_KEY(landing.reserve_size),
                "Kept back on the disk, and given up when it is full, to delete what is too old; "
                "0: "
                "none.",
                0,
                1024 * k_mebibyte
            ),
            duration(
                MODAX_KEY(landing.replay_window),
                "How far back a live stream can be resumed with ?since=.",
                milliseconds{0},
                std::chrono::days{30}
            ),
            choice(
                MODAX_KEY(landing.quick_check),
                "Whether the store is checked for damage at start: \"auto\" after an unclean end.",
                {"auto", "always", "never"}
            ),
            number(
                MODAX_KEY(landing.reader_connections),
                "How many history reads can run at a time.",
                1,
                64,
                "connections"
            ),
        }};
}

Section audit_section() {
    return {
        "audit",
        "The record of who did what.",
        {
            duration(
                MODAX_KEY(audit.retention),
                "How long rows are kept; cut once a day, only at a signed checkpoint. 0s: for "
                "ever.",
                milliseconds{0},
                std::chrono::days{36'500}
            ),
            path(
                MODAX_KEY(audit.archive_directory),
                "Where rows are written before they are cut, as audit-DATE.ndjson; empty: they are "
                "not kept elsewhere."
            ),
            path(
                MODAX_KEY(audit.checkpoint_file),
                "Where signed checkpoints are published besides the store, best on another disk; "
                "empty: "
                "audit-checkpoints in the data directory."
            ),
        }};
}

Section uplink_section() {
    return {
        "uplink",
        "Readings from another broker, as a client of it.",
        {
            flag(MODAX_KEY(uplink.enabled), "Whether to connect to the broker."),
            text(MODAX_KEY(uplink.host), "Name or address of the broker."),
            number(MODAX_KEY(uplink.port), "Port of the broker.", 1, 65'535),
            flag(MODAX_KEY(uplink.tls), "Whether to use TLS."),
            path(
                MODAX_KEY(uplink.ca_file),
                "Certificates (PEM) of the authorities that may vouch for the broker; empty: the "
                "system's."
            ),
            path(
                MODAX_KEY(uplink.certificate_file),
                "The gateway's certificate (PEM) towards the broker; empty: none."
            ),
            path(MODAX_KEY(uplink.key_file), "The private key (PEM) of that certificate."),
            text(MODAX_KEY(uplink.user), "User name at the broker; empty: none."),
            secret(
                MODAX_KEY(uplink.password),
                "Where the password is kept: \"env:NAME\", \"file:PATH\" or \"credential:NAME\" (a "
                "credential of systemd), never the password "
                "itself; empty: none."
            ),
            text(
                MODAX_KEY(uplink.client_id),
                "Client id at the broker; must be another one for each gateway, and stay the same."
            ),
            list(MODAX_KEY(uplink.topics), "Topic filters to subscribe to."),
            text(
                MODAX_KEY(uplink.share_group),
                "Name of a shared subscription ($share/<name>/…), by which several gateways "
                "divide the readings; empty: none."
            ),
            duration(
                MODAX_KEY(uplink.keep_alive),
                "A silent broker is given up after one and a half times this.",
                std::chrono::seconds{1},
                std::chrono::seconds{65'535}
            ),
            duration(
                MODAX_KEY(uplink.session_expiry),
                "How long the broker is asked to keep messages while the gateway is away.",
                milliseconds{0},
                std::chrono::days{365}
            ),
        }};
}

}  // namespace modax::config
