"""Rollups from outside: the numbers of SQL on the readings, and not one reading counted twice or
left out over kills."""
import datetime
import random
import unittest

from gateway_case import GatewayCase
from modax_test.flood import publish
from modax_test.history_rows import fill
from modax_test.tools import SANITIZED
from modax_test.waiting import wait_for

START = 1_765_238_400  # 2025-12-09T00:00:00Z
ROWS = 20_000
COUNTS = "SELECT coalesce(sum(count), 0) FROM {} WHERE metric = -1"
BEHIND = ("SELECT (SELECT coalesce(max(first + count - 1), through) FROM stream_log) - through"
          " + (SELECT count(*) FROM rollup_backfill) FROM rollup_state")


class Rollups(GatewayCase):
    settings = {"rollups.interval": "100ms"}

    def caught_up(self, gateway):
        wait_for(lambda: gateway.query(BEHIND)[0][0] == 0, "the rollups", 60)

    def test_statistics_and_hours_are_what_sql_says(self):
        gateway = self.gateway()
        gateway.stop()
        fill(gateway.database_file, "cnc-01", START, ROWS)
        gateway.start()
        self.caught_up(gateway)
        end = datetime.datetime.fromtimestamp(START + ROWS, datetime.timezone.utc).isoformat()
        # The requirement's first query, with the hour by the text of the time.
        hours = gateway.query(
            "SELECT substr(time, 1, 13), avg(temperature), avg(current), count(*)"
            " FROM sensor_data WHERE device_id = 'cnc-01' GROUP BY 1 ORDER BY 1")
        history = gateway.json("/api/v1/devices/cnc-01/history", start="2025-12-09", end=end,
                               resolution="1h")
        self.assertEqual(history["resolution"], "1h")
        self.assertEqual(len(history["buckets"]), len(hours))
        for bucket, (hour, temperature, current, count) in zip(history["buckets"], hours):
            self.assertTrue(bucket["start"].startswith(hour))
            self.assertEqual(bucket["count"], count)
            self.assertAlmostEqual(bucket["metrics"]["temperature"]["mean"], temperature, 9)
            self.assertAlmostEqual(bucket["metrics"]["current"]["mean"], current, 9)
        ((count, mean, low, high),) = gateway.query(
            "SELECT count(*), avg(temperature), min(temperature), max(temperature)"
            " FROM sensor_data WHERE device_id = 'cnc-01'")
        statistics = gateway.json("/api/v1/devices/cnc-01/statistics", start="2025-12-09", end=end)
        self.assertEqual(statistics["sample_count"], count)
        of_all = statistics["quantities"]["temperature"]
        self.assertAlmostEqual(of_all["mean"], mean, 9)
        self.assertEqual((of_all["min"], of_all["max"]), (low, high))

    def test_nothing_is_counted_twice_or_left_out_over_kills(self):
        chance = random.Random(3)
        gateway = self.gateway()
        flood = publish(gateway.mqtt_port, connections=4, qos=1, window=200, seconds=3600,
                        limit=3600, reconnect=60, rate=1000 if SANITIZED else 4000)
        self.addCleanup(flood.kill)
        for _ in range(3 if SANITIZED else 8):
            summed = gateway.query(COUNTS.format("rollups_1m"))[0][0]
            more = chance.randrange(200, 1500)
            wait_for(lambda enough=summed + more:
                     gateway.query(COUNTS.format("rollups_1m"))[0][0] > enough, "more", 30)
            gateway.kill()
            gateway.start()
        flood.process.terminate()
        flood.result()
        self.caught_up(gateway)
        stored = gateway.query("SELECT count(*) FROM readings")[0][0]
        self.assertGreater(stored, 1000)
        for table in ("rollups_1m", "rollups_1h", "rollups_1d"):
            self.assertEqual(gateway.query(COUNTS.format(table))[0][0], stored, table)
        self.assertEqual(gateway.metrics().total("modax_rollup_lost_total"), 0)


if __name__ == "__main__":
    unittest.main()
