"""Readings put into the store of a gateway that is stopped, faster than a machine could send them."""
import sqlite3

MICROS = 1_000_000
HOUR = 3600


def fill(database_file, device, start, count, step=1.0):
    """`count` readings every `step` seconds from `start` (seconds since 1970), as if they had been
    there before the rollups. Temperature is 20 + sequence % 50 / 2."""
    database = sqlite3.connect(database_file, timeout=30)
    with database:
        (number,) = database.execute("SELECT coalesce(max(number), 0) + 1 FROM devices").fetchone()
        database.execute("INSERT INTO devices VALUES(?, ?, 0)", (number, device))
        moments = ((start + i * step, i) for i in range(count))
        database.executemany(
            "INSERT INTO readings(hour, device, time, sequence, received, temperature, current,"
            " vibration, spindle_speed, power_kw, feed_rate, is_safe, metrics)"
            " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
            ((int(moment // HOUR), number, int(moment * MICROS), i, int(moment * MICROS),
              20 + i % 50 / 2, 4.25, 0.125, 1500.0 + i % 7, 3.75, 120.5, 1,
              '{"pressure":5.5}') for moment, i in moments),
        )
        last = start + (count - 1) * step
        hours = [(number, hour) for hour in range(int(start // HOUR), int(last // HOUR) + 1)]
        database.executemany("INSERT INTO device_hours VALUES(?, 0, ?)", hours)
        database.executemany("INSERT INTO rollup_backfill(device, hour) VALUES(?, ?)", hours)
    database.close()
