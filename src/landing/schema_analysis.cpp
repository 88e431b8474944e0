#include "landing/schema_steps.hpp"

namespace modax::landing {

// What the analysis said (core/analysis.hpp), and the models it goes on with after a restart.
const char* const k_analysis_schema = R"sql(
CREATE TABLE analyses(
    id INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL, time INTEGER NOT NULL,
    has_anomaly INTEGER NOT NULL, anomaly_score REAL NOT NULL, anomaly_type TEXT,
    confidence REAL NOT NULL, learning INTEGER NOT NULL, event INTEGER NOT NULL, since INTEGER,
    acknowledged INTEGER NOT NULL, message TEXT NOT NULL, details TEXT NOT NULL,
    model_version TEXT NOT NULL, row_score REAL NOT NULL, evidence BLOB NOT NULL);
CREATE INDEX analyses_by_time ON analyses(time);
CREATE INDEX analyses_by_device ON analyses(device, id);
CREATE TABLE analysis_models(device INTEGER PRIMARY KEY, state BLOB NOT NULL);
CREATE VIEW ai_analysis AS
    SELECT printf('%s.%06dZ', strftime('%Y-%m-%dT%H:%M:%S', a.time / 1000000, 'unixepoch'),
                  a.time % 1000000) AS time,
           d.id AS device_id, a.has_anomaly, a.anomaly_score, a.anomaly_type, a.confidence,
           a.learning, a.event, a.acknowledged, a.message, a.model_version, a.id
    FROM analyses a JOIN devices d ON d.number = a.device;
)sql";

}  // namespace modax::landing
