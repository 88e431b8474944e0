#include "landing/schema_steps.hpp"

namespace modax::landing {

// Summed-up readings of a minute, an hour and a day (core/summary.hpp). start: seconds since 1970;
// first_time and last_time: microseconds from there. Metric -1 counts the readings, 0 to 5 are the
// quantities; flag: of a boolean's 0 and 1.
//
// `through` is the number of the last event of the stream log that is summed up. Hours that were
// there before the rollups are in rollup_backfill until they are summed up as a whole; their events
// in the log are passed over until then.
#define MODAX_ROLLUP_TABLE(name)                                                       \
    "CREATE TABLE " name                                                               \
    "(device INTEGER NOT NULL, start INTEGER NOT NULL, metric INTEGER NOT NULL,"       \
    " count INTEGER NOT NULL, sum REAL, squares REAL, min REAL, max REAL, first REAL," \
    " last REAL, first_time INTEGER, first_sequence INTEGER, last_time INTEGER,"       \
    " last_sequence INTEGER, PRIMARY KEY(device, start, metric)) WITHOUT ROWID;"
#define MODAX_ROLLUP_VIEW(view, table)                                                      \
    "CREATE VIEW " view                                                                     \
    " AS SELECT strftime('%Y-%m-%dT%H:%M:%SZ', r.start, 'unixepoch') AS time,"              \
    " d.id AS device_id, m.name AS metric, r.count, r.min, r.max, r.sum / r.count AS mean," \
    " r.first, r.last, CASE WHEN r.count > 1 THEN sqrt(r.squares / (r.count - 1)) END"      \
    " AS stddev FROM " table                                                                \
    " r JOIN devices d ON d.number = r.device JOIN rollup_metrics m"                        \
    " ON m.number = r.metric WHERE r.metric >= 0;"

const char* const k_rollups_schema =
    "CREATE TABLE rollup_metrics("
    "    number INTEGER PRIMARY KEY, name TEXT NOT NULL, flag INTEGER NOT NULL,"
    "    UNIQUE(name, flag));"
    "INSERT INTO rollup_metrics VALUES(-1,'',0), (0,'temperature',0), (1,'current',0),"
    "    (2,'vibration',0), (3,'spindle_speed',0), (4,'power_kw',0), (5,'feed_rate',0),"
    "    (6,'is_safe',1);" MODAX_ROLLUP_TABLE("rollups_1m") MODAX_ROLLUP_TABLE("rollups_1h")
        MODAX_ROLLUP_TABLE("rollups_1d") MODAX_ROLLUP_VIEW("sensor_data_1m", "rollups_1m")
            MODAX_ROLLUP_VIEW("sensor_data_1h", "rollups_1h") MODAX_ROLLUP_VIEW(
                "sensor_data_1d", "rollups_1d"
            ) "CREATE TABLE rollup_state(through INTEGER NOT NULL);"
              "INSERT INTO rollup_state SELECT coalesce(max(first + count - 1), 0)"
              "    FROM stream_log;"
              "CREATE TABLE rollup_backfill("
              "    hour INTEGER NOT NULL, device INTEGER NOT NULL,"
              "    PRIMARY KEY(hour, device)) WITHOUT ROWID;"
              "INSERT INTO rollup_backfill SELECT hour, device FROM device_hours"
              "    WHERE kind = 0;";

}  // namespace modax::landing
