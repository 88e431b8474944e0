#include "landing/schema_steps.hpp"

namespace modax::landing {

const char* const k_readings_schema = R"sql(
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
)sql";

}  // namespace modax::landing
