#include "landing/schema.hpp"

#include <array>

namespace modax::landing {
namespace {

// "MODX" in the file header: file(1) and we can tell whose database it is.
constexpr std::int64_t k_application_id = 0x4D4F4458;

// Index + 1 is the version a step leads to. Steps are never changed once released, only added.
// Times are microseconds since 1970, UTC; hour = time / 3,600,000,000. The key starts with the
// hour, because appending near the end of the tree is three times faster (docs/adr/0004).
constexpr std::array<const char*, 3> k_steps{
    R"sql(
CREATE TABLE devices(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL COLLATE NOCASE UNIQUE, registered INTEGER NOT NULL);
CREATE TABLE readings(
    hour INTEGER NOT NULL, device INTEGER NOT NULL, time INTEGER NOT NULL,
    sequence INTEGER NOT NULL, received INTEGER NOT NULL,
    temperature REAL, current REAL, vibration REAL, spindle_speed REAL, power_kw REAL,
    feed_rate REAL, is_safe INTEGER, metrics TEXT,
    PRIMARY KEY(hour, device, time, sequence)) WITHOUT ROWID;
CREATE TABLE safety_statuses(
    hour INTEGER NOT NULL, device INTEGER NOT NULL, time INTEGER NOT NULL,
    sequence INTEGER NOT NULL, received INTEGER NOT NULL,
    emergency_stop INTEGER NOT NULL, door_closed INTEGER NOT NULL,
    overload_detected INTEGER NOT NULL, temperature_ok INTEGER NOT NULL,
    PRIMARY KEY(hour, device, time, sequence)) WITHOUT ROWID;
-- In which hours a device has readings (kind 0) or safety statuses (kind 1).
CREATE TABLE device_hours(
    device INTEGER NOT NULL, kind INTEGER NOT NULL, hour INTEGER NOT NULL,
    PRIMARY KEY(device, kind, hour)) WITHOUT ROWID;
-- The new events of one transaction; keys: see stream_keys.hpp.
CREATE TABLE stream_log(
    first INTEGER PRIMARY KEY, count INTEGER NOT NULL, committed INTEGER NOT NULL,
    keys BLOB NOT NULL);
CREATE TABLE quarantine(
    id INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, topic BLOB NOT NULL,
    payload BLOB NOT NULL, payload_size INTEGER NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, client BLOB NOT NULL);
CREATE TABLE api_keys(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, secret_hash BLOB NOT NULL, scopes TEXT NOT NULL,
    devices TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER, revoked INTEGER NOT NULL);
CREATE TABLE broker_sessions(
    client_id BLOB PRIMARY KEY, protocol_version INTEGER NOT NULL,
    expiry_interval INTEGER NOT NULL, expires INTEGER, principal BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE broker_subscriptions(
    client_id BLOB NOT NULL, filter BLOB NOT NULL, options INTEGER NOT NULL,
    identifier INTEGER NOT NULL, PRIMARY KEY(client_id, filter)) WITHOUT ROWID;
CREATE TABLE broker_retained(
    topic BLOB PRIMARY KEY, payload BLOB NOT NULL, qos INTEGER NOT NULL, properties BLOB NOT NULL,
    expires INTEGER) WITHOUT ROWID;
CREATE TABLE broker_messages(
    client_id BLOB NOT NULL, number INTEGER NOT NULL, topic BLOB NOT NULL, payload BLOB NOT NULL,
    qos INTEGER NOT NULL, properties BLOB NOT NULL, expires INTEGER, retain INTEGER NOT NULL,
    identifiers BLOB NOT NULL, PRIMARY KEY(client_id, number)) WITHOUT ROWID;
CREATE TABLE broker_inbound(
    client_id BLOB NOT NULL, packet_id INTEGER NOT NULL,
    PRIMARY KEY(client_id, packet_id)) WITHOUT ROWID;
CREATE VIEW sensor_data AS
    SELECT printf('%s.%06dZ', strftime('%Y-%m-%dT%H:%M:%S', r.time / 1000000, 'unixepoch'),
                  r.time % 1000000) AS time,
           d.id AS device_id, r.temperature, r.current, r.vibration, r.spindle_speed, r.power_kw,
           r.feed_rate, r.is_safe, r.metrics
    FROM devices d JOIN device_hours h ON h.device = d.number AND h.kind = 0
    JOIN readings r ON r.hour = h.hour AND r.device = h.device;
CREATE VIEW safety_events AS
    SELECT printf('%s.%06dZ', strftime('%Y-%m-%dT%H:%M:%S', s.time / 1000000, 'unixepoch'),
                  s.time % 1000000) AS time,
           d.id AS device_id, s.emergency_stop, s.door_closed, s.overload_detected,
           s.temperature_ok,
           (NOT s.emergency_stop AND s.door_closed AND NOT s.overload_detected
            AND s.temperature_ok) AS is_safe
    FROM devices d JOIN device_hours h ON h.device = d.number AND h.kind = 1
    JOIN safety_statuses s ON s.hour = h.hour AND s.device = h.device;
)sql",
    // The audit log (core/audit.hpp): a chain of rows, and the signed ones of them.
    R"sql(
CREATE TABLE audit_log(
    sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor TEXT NOT NULL,
    source TEXT NOT NULL, via TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
    result TEXT NOT NULL, detail TEXT NOT NULL, request_id TEXT NOT NULL,
    before_hash TEXT NOT NULL, after_hash TEXT NOT NULL, count INTEGER NOT NULL,
    monotonic INTEGER NOT NULL, boot_id TEXT NOT NULL, hash BLOB NOT NULL);
CREATE INDEX audit_log_by_actor ON audit_log(actor);
CREATE INDEX audit_log_by_object ON audit_log(object);
CREATE TABLE audit_checkpoints(
    sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, time INTEGER NOT NULL,
    signature BLOB NOT NULL);
)sql",
    // Keys: from where, by whom, when used, what follows. Users and roles. The version tells a
    // running gateway that the command line has changed something.
    R"sql(
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN successor TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN last_used INTEGER;
CREATE TABLE users(
    name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, roles TEXT NOT NULL,
    created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE roles(
    name TEXT PRIMARY KEY, publish TEXT NOT NULL, subscribe TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE identity_version(version INTEGER NOT NULL);
INSERT INTO identity_version VALUES(1);
CREATE TRIGGER api_keys_added AFTER INSERT ON api_keys
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER api_keys_changed AFTER UPDATE OF revoked, expires, successor ON api_keys
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER users_added AFTER INSERT ON users
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER users_changed AFTER UPDATE ON users
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER users_removed AFTER DELETE ON users
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER roles_added AFTER INSERT ON roles
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER roles_changed AFTER UPDATE ON roles
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER roles_removed AFTER DELETE ON roles
    BEGIN UPDATE identity_version SET version = version + 1; END;
)sql",
};

Status step_to(Connection& connection, std::size_t version) {
    if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) return begun;
    Status done = connection.execute(k_steps[version - 1]);
    if (done) {
        const auto mark = "PRAGMA user_version=" + std::to_string(version) +
                          "; PRAGMA application_id=" + std::to_string(k_application_id) +
                          "; COMMIT";
        done = connection.execute(mark.c_str());
    }
    if (!done && connection.in_transaction()) (void)connection.execute("ROLLBACK");
    return done;
}

}  // namespace

std::int64_t schema_version() {
    return static_cast<std::int64_t>(k_steps.size());
}

Status migrate(Connection& connection, std::int64_t version) {
    const auto found = connection.integer("PRAGMA user_version");
    if (!found) return tl::make_unexpected(found.error());
    const auto application = connection.integer("PRAGMA application_id");
    if (!application) return tl::make_unexpected(application.error());
    if (*application != 0 && *application != k_application_id) {
        return fail(
            Errc::invalid_argument,
            "the database in the data directory belongs to another application (id " +
                std::to_string(*application) + "): choose another data directory"
        );
    }
    if (*found > schema_version()) {
        return fail(
            Errc::invalid_argument,
            "the landing store has schema version " + std::to_string(*found) +
                ", this program knows up to " + std::to_string(schema_version()) +
                ": start the newer modax that wrote it, or use another data directory"
        );
    }
    for (auto next = *found + 1; next <= version; ++next) {
        if (auto done = step_to(connection, static_cast<std::size_t>(next)); !done) return done;
    }
    return {};
}

}  // namespace modax::landing
