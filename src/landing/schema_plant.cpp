#include "landing/schema_steps.hpp"

namespace modax::landing {

// How far the plant's PostgreSQL has what is here (core/plant_store.hpp), one row; active: there is
// one, so nothing is deleted that it lacks. plant_changes: rows of the business that it has not
// seen in their present state; kept by triggers, so that no writer of those tables can forget it.
const char* const k_plant_schema = R"sql(
CREATE TABLE plant_forward(
    active INTEGER NOT NULL, target TEXT NOT NULL, gateway TEXT NOT NULL, events INTEGER NOT NULL,
    analyses INTEGER NOT NULL, changes INTEGER NOT NULL, backfill INTEGER NOT NULL,
    hour INTEGER NOT NULL, device INTEGER NOT NULL, time INTEGER NOT NULL,
    sequence INTEGER NOT NULL, last_hour INTEGER NOT NULL);
INSERT INTO plant_forward VALUES(0, '', lower(hex(randomblob(8))), 0, 0, 0, 0, 0, 0, 0, 0, 0);
CREATE TABLE plant_changes(
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key NOT NULL);
CREATE TRIGGER plant_order AFTER INSERT ON production_orders
    WHEN (SELECT active FROM plant_forward)
    BEGIN INSERT INTO plant_changes(kind, key) VALUES('order', NEW.order_id); END;
CREATE TRIGGER plant_order_changed AFTER UPDATE ON production_orders
    WHEN (SELECT active FROM plant_forward)
    BEGIN INSERT INTO plant_changes(kind, key) VALUES('order', NEW.order_id); END;
CREATE TRIGGER plant_report AFTER INSERT ON production_reports
    WHEN (SELECT active FROM plant_forward)
    BEGIN INSERT INTO plant_changes(kind, key) VALUES('report', NEW.number); END;
CREATE TRIGGER plant_inspection AFTER INSERT ON inspections
    WHEN (SELECT active FROM plant_forward)
    BEGIN INSERT INTO plant_changes(kind, key) VALUES('inspection', NEW.number); END;
CREATE TRIGGER plant_status AFTER INSERT ON equipment_status
    WHEN (SELECT active FROM plant_forward)
    BEGIN INSERT INTO plant_changes(kind, key) VALUES('status', NEW.number); END;
CREATE TRIGGER plant_status_changed AFTER UPDATE ON equipment_status
    WHEN (SELECT active FROM plant_forward)
    BEGIN INSERT INTO plant_changes(kind, key) VALUES('status', NEW.number); END;
)sql";

}  // namespace modax::landing
