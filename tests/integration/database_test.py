"""`modax db` and what BI tools do, against a real PostgreSQL over TLS."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from modax_test.certificates import Certificates
from modax_test.postgres import PASSWORD, Postgres
from modax_test.tools import require_binary, run
from modax_test.waiting import wait_for

EXAMPLES = pathlib.Path(os.environ.get("MODAX_SOURCE_DIR", ".")) / "examples/bi"


class PlantStore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modax = require_binary("MODAX_BINARY", "modax")
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="modax-database-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.certificates = Certificates(cls.directory / "tls")
        cls.server = Postgres(certificates=cls.certificates)
        cls.addClassCleanup(cls.server.kill)
        cls.server.start()

    def setUp(self):
        for statement in ("DROP DATABASE IF EXISTS modax WITH (FORCE)", "DROP ROLE IF EXISTS bi_readonly",
                          "CREATE DATABASE modax OWNER modax", "ALTER ROLE modax CREATEROLE"):
            self.server.sql(statement, url=self.server.admin_url)

    def command(self, *arguments):
        return [
            self.modax, "db", *arguments, "--data-dir", self.directory / "data",
            "--set", f"database.url={self.server.url_of('modax', host='localhost')}?sslmode=verify-full",
            "--set", "database.password=env:PLANT_PASSWORD",
            "--set", f"database.ca_file={self.certificates.ca_file}",
        ]

    def db(self, *arguments, check=True):
        return run(
            *self.command(*arguments), env={**os.environ, "PLANT_PASSWORD": PASSWORD}, check=check
        )

    def as_reader(self, statement, password="secure_password", check=True):
        url = self.server.url_of("modax", user="bi_readonly") + "?sslmode=require"
        return self.server.sql(statement, url=url, password=password, check=check)

    def fill(self):
        self.server.sql(
            "INSERT INTO sensor_data(time, device_id, temperature, current, seq) SELECT now() - n * "
            "interval '1 minute', 'cnc-0' || n % 2, 60 + n % 7, 10, n FROM generate_series(1, 600) n;"
            "INSERT INTO ai_analysis(time, device_id, has_anomaly, anomaly_score, anomaly_type, "
            "confidence, learning, event, acknowledged, model_version, gateway, analysis_id) SELECT "
            "now() - n * interval '1 hour', 'cnc-01', n % 2 = 0, 0.5, 'drift', 1, false, n, false, "
            "'1', 'g', n FROM generate_series(1, 48) n"
        )

    def test_dry_run_changes_nothing_and_status_tells(self):
        planned = self.db("migrate", "--dry-run").stdout
        self.assertIn("would do: version 1", planned)
        self.assertIn("CREATE TABLE public.sensor_data", self.db("migrate", "--dry-run", "--sql").stdout)
        self.assertNotEqual(self.db("status", check=False).returncode, 0)
        self.db("migrate")
        status = self.db("status").stdout
        self.assertIn("encrypted    yes", status)
        self.assertIn("partitions", status)
        self.assertIn("Nothing to do", self.db("migrate", "--dry-run").stdout)

    def test_a_killed_migration_goes_on(self):
        """Killed when it says what it does next, again and again."""
        whole = len(self.db("migrate", "--dry-run").stdout.splitlines())
        for stop_at in range(1, whole + 1):
            process = subprocess.Popen(
                self.command("migrate"), env={**os.environ, "PLANT_PASSWORD": PASSWORD},
                stdout=subprocess.PIPE, text=True,
            )
            for _ in range(stop_at):
                if not process.stdout.readline().startswith("doing"):
                    break
            process.kill()
            process.communicate()
        self.db("migrate")
        self.db("status")
        self.assertEqual(self.server.sql("SELECT count(*) FROM modax_schema"), ["3"])

    def test_the_requirements_user_sees_the_plant_and_nothing_secret(self):
        self.db("migrate")
        self.fill()
        block = (EXAMPLES / "read_only_user.sql").read_text()
        self.server.sql(block, url=self.server.url_of("modax", user="postgres"))
        self.assertEqual(self.as_reader("SELECT count(*) FROM sensor_data"), ["600"])
        tables = self.as_reader(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE "
            "table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        self.assertTrue(tables)
        for name in tables:
            self.assertTrue(name.startswith("public."), name)
            self.assertIsNone(re.search("key|user|audit|outbox|secret|token|password", name), name)
        refused = self.as_reader("SELECT * FROM modax_internal.dirty_minutes", check=False)
        self.assertIn("permission denied", refused.stderr)

    def test_both_queries_run_as_printed(self):
        self.db("migrate")
        self.fill()
        secret = self.directory / "reader"
        secret.write_text("secure_password")
        granted = self.db("grant-bi", "--user", "bi_readonly", "--password", f"file:{secret}").stdout
        self.assertIn(f"postgresql://bi_readonly@localhost:{self.server.port}/modax", granted)
        self.assertNotIn("secure_password", granted)
        rows = [row.split("|") for row in
                self.as_reader((EXAMPLES / "production_statistics.sql").read_text())]
        self.assertEqual(sum(int(row[4]) for row in rows), 600)
        self.assertEqual({row[1] for row in rows}, {"cnc-00", "cnc-01"})
        weighted = sum(float(row[2]) * int(row[4]) for row in rows) / 600
        self.assertAlmostEqual(weighted, sum(60 + n % 7 for n in range(1, 601)) / 600)
        rows = [row.split("|") for row in
                self.as_reader((EXAMPLES / "anomaly_trends.sql").read_text())]
        self.assertEqual(sum(int(row[2]) for row in rows), 24)
        self.assertEqual({row[1] for row in rows}, {"drift"})
        self.assertEqual(self.as_reader("SHOW statement_timeout"), ["5min"])
        self.assertNotEqual(self.as_reader("DELETE FROM devices", check=False).returncode, 0)

    def test_queries_of_the_dashboard_run(self):
        self.db("migrate")
        self.fill()
        dashboard = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
        for panel in dashboard["panels"]:
            query = panel["targets"][0]["rawSql"].replace("$device", "'cnc-01'")
            query = query.replace("$__timeFilter(time)", "time > now() - interval '7 days'")
            with self.subTest(panel=panel["title"]):
                self.server.sql(query)

    def test_a_gateway_looks_after_it(self):
        self.db("migrate")
        self.fill()
        self.server.sql(
            "INSERT INTO modax_internal.dirty_minutes(minute, device_id) SELECT DISTINCT "
            "date_trunc('minute', time, 'UTC'), device_id FROM sensor_data"
        )
        command = [self.modax, "serve", *self.command()[2:]]
        for key, value in {"http.port": 0, "mqtt.port": 0, "opcua.port": 0, "rollups.interval": "100ms"}.items():
            command += ["--set", f"{key}={value}"]
        gateway = subprocess.Popen(
            command, env={**os.environ, "PLANT_PASSWORD": PASSWORD},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(gateway.wait)
        self.addCleanup(gateway.kill)
        rolled = "SELECT coalesce(sum(count), 0) FROM sensor_data_1d WHERE metric = 'temperature'"
        wait_for(lambda: self.server.sql(rolled) == ["600"], "the rollups follow", timeout=60)
        moved = "SELECT count(*) FROM modax_internal.sensor_data_default"
        self.assertEqual(self.server.sql(moved), ["0"])
        gateway.terminate()
        self.assertEqual(gateway.wait(30), 0)
