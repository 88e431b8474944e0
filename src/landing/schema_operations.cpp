#include "landing/schema_steps.hpp"

namespace modax::landing {

// Orders, reports, inspections, states of equipment (core/operations.hpp), and the answers to
// requests with an Idempotency-Key.
const char* const k_operations_schema = R"sql(
CREATE TABLE production_orders(
    order_id TEXT PRIMARY KEY, status TEXT NOT NULL, material TEXT NOT NULL,
    operation TEXT NOT NULL, unit TEXT NOT NULL, device_id TEXT NOT NULL COLLATE NOCASE,
    quantity REAL, ideal_cycle_seconds REAL, planned_start INTEGER, planned_end INTEGER, started INTEGER,
    completion_time INTEGER, quantity_produced REAL NOT NULL, quantity_rejected REAL NOT NULL,
    quantity_reworked REAL NOT NULL, changed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE production_reports(
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, order_id TEXT NOT NULL,
    device_id TEXT NOT NULL COLLATE NOCASE, quantity_produced REAL NOT NULL,
    quantity_rejected REAL NOT NULL, quantity_reworked REAL NOT NULL, final INTEGER NOT NULL,
    reason_code TEXT NOT NULL, completion_time INTEGER NOT NULL, received INTEGER NOT NULL);
CREATE INDEX production_reports_by_order ON production_reports(order_id);
CREATE INDEX production_reports_by_device ON production_reports(device_id, completion_time);
CREATE INDEX production_reports_by_receipt ON production_reports(device_id, received);
CREATE TABLE inspections(
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, lot_id TEXT NOT NULL,
    device_id TEXT NOT NULL COLLATE NOCASE, order_id TEXT NOT NULL, result TEXT NOT NULL,
    computed_result TEXT NOT NULL, time INTEGER NOT NULL, received INTEGER NOT NULL);
CREATE INDEX inspections_by_lot ON inspections(lot_id);
CREATE TABLE inspection_results(
    inspection INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
    measured_value REAL NOT NULL, target REAL, tolerance REAL, lower_limit REAL,
    upper_limit REAL, passed INTEGER, PRIMARY KEY(inspection, position)) WITHOUT ROWID;
CREATE INDEX inspection_results_by_name ON inspection_results(name);
CREATE TABLE equipment_status(
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
    device_id TEXT NOT NULL COLLATE NOCASE, status TEXT NOT NULL, reason_code TEXT NOT NULL,
    downtime_start INTEGER NOT NULL, downtime_end INTEGER, received INTEGER NOT NULL);
CREATE INDEX equipment_status_by_device ON equipment_status(device_id, downtime_start);
CREATE TABLE idempotency_keys(
    scope TEXT NOT NULL, key TEXT NOT NULL, body_hash TEXT NOT NULL, answer TEXT NOT NULL,
    created INTEGER NOT NULL, PRIMARY KEY(scope, key)) WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys(created);
)sql";

}  // namespace modax::landing
