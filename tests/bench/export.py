#!/usr/bin/env python3
"""Rows a second of an export as CSV beside `sqlite3 -csv` on the same file and, where PostgreSQL is
installed, beside `COPY ... TO STDOUT CSV` of the same rows; and history reads from the rollups."""
import os
import pathlib
import pwd
import subprocess
import time

import _bench as bench  # first: it sets the search path
import requests
from modax_test.gateway import Gateway
from modax_test.history_rows import fill
from modax_test.ports import free_port
from modax_test.tools import find_tool, require_tool
from modax_test.waiting import wait_for

START = 1_765_238_400  # 2025-12-09T00:00:00Z
COLUMNS = ("temperature", "current", "vibration", "spindle_speed", "power_kw", "feed_rate")


def seconds_of(work):
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def lines_of(command, **options):
    """Counts the lines of a command's output as a client would read them."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, **options) as process:
        lines = 0
        while piece := process.stdout.read(1 << 16):
            lines += piece.count(b"\n")
    assert process.returncode == 0, command
    return lines


def export(gateway, rows):
    # A plain socket's worth of client: the reading must not be the bottleneck.
    url = (gateway.endpoints["http"].rstrip("/") +
           f"/api/v1/export/cnc-01/csv?start={START}&end={START + rows}")
    lines = lines_of(["curl", "-sS", "-H", f"X-API-Key: {gateway.admin_key}", url])
    assert lines == rows + 1, lines


def by_sqlite(database, rows):
    lines = lines_of([
        require_tool("sqlite3"), "-csv", "-header", database,
        "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', r.time / 1000000, 'unixepoch'), d.id, r.sequence,"
        f" {', '.join(f'r.{name}' for name in COLUMNS)}, r.is_safe, r.metrics"
        " FROM devices d JOIN device_hours h ON h.device = d.number AND h.kind = 0"
        " JOIN readings r ON r.hour = h.hour AND r.device = h.device",
    ])
    assert lines == rows + 1, lines


class Postgres:
    """A cluster of its own in `folder`, as the user postgres when this is root."""

    def __init__(self, folder):
        self.bin = pathlib.Path(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1])
        self.data = folder / "postgres"
        self.data.mkdir()
        self.port = free_port()
        self.user = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.data, account.pw_uid, account.pw_gid)
            for above in [folder, *folder.parents][:3]:
                above.chmod(above.stat().st_mode | 0o011)
            self.user = {"user": "postgres", "group": "postgres"}

    def __enter__(self):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": "/", **self.user}
        subprocess.run([self.bin / "initdb", "-D", self.data, "-U", "bench", "-A", "trust"],
                       check=True, **quiet)
        self.process = subprocess.Popen(
            [self.bin / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.data,
             "-c", "listen_addresses="], **quiet)
        wait_for(lambda: subprocess.run(self.psql("SELECT 1"), capture_output=True).returncode == 0,
                 "PostgreSQL", 30)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def psql(self, statement):
        return [find_tool("psql"), "-qAt", "-h", self.data, "-p", str(self.port), "-U", "bench",
                "-d", "postgres", "-c", statement]

    def load(self, file):
        subprocess.run(self.psql(
            "CREATE TABLE sensor_data(time timestamptz, device_id text, seq bigint, "
            + ", ".join(f"{name} double precision" for name in COLUMNS)
            + ", is_safe boolean, metrics jsonb, PRIMARY KEY(device_id, time, seq))"), check=True)
        with open(file, "rb") as rows:
            subprocess.run(self.psql("COPY sensor_data FROM STDIN CSV HEADER"), stdin=rows,
                           check=True)
        subprocess.run(self.psql("VACUUM ANALYZE sensor_data"), check=True)

    def copy(self, rows):
        lines = lines_of(self.psql(
            "COPY (SELECT * FROM sensor_data WHERE device_id='cnc-01' ORDER BY time, seq)"
            " TO STDOUT CSV HEADER"))
        assert lines == rows + 1, lines


def exports(results, folder, gateway, rows, runs):
    database = gateway.database_file
    ours = rows / bench.median([seconds_of(lambda: export(gateway, rows)) for _ in range(runs)])
    sqlite = rows / bench.median([seconds_of(lambda: by_sqlite(database, rows))
                                  for _ in range(runs)])
    results.add("CSV export, against sqlite3 -csv", ours, "rows/s", sqlite)
    if not find_tool("psql") or not list(pathlib.Path("/usr/lib/postgresql").glob("*/bin")):
        print("PostgreSQL is not installed: no comparison with COPY")
        return
    file = folder / "rows.csv"
    with open(file, "wb") as out:
        subprocess.run(["curl", "-sS", "-H", f"X-API-Key: {gateway.admin_key}",
                        gateway.endpoints["http"].rstrip("/") + "/api/v1/export/cnc-01/csv"
                        f"?start={START}&end={START + rows}"], stdout=out, check=True)
    with Postgres(folder) as postgres:
        postgres.load(file)
        copied, again = [], []
        for _ in range(runs):
            copied.append(seconds_of(lambda: postgres.copy(rows)))
            again.append(seconds_of(lambda: export(gateway, rows)))
        results.add("CSV export, against COPY TO STDOUT CSV", rows / bench.median(again), "rows/s",
                    rows / bench.median(copied))


def histories(results, gateway, rows):
    session = requests.Session()
    session.headers["X-API-Key"] = gateway.admin_key
    base = gateway.endpoints["http"].rstrip("/") + "/api/v1/devices/cnc-01/"

    def ask(path):
        times = []
        for _ in range(5):
            begun = time.monotonic()
            answer = session.get(base + path, timeout=60)
            times.append((time.monotonic() - begun) * 1000)
            assert answer.status_code == 200, answer.text
        return bench.median(times)

    interval = f"start={START}&end={START + rows}"
    for resolution in ("auto", "1h", "1d"):
        results.add(f"history of all, resolution={resolution}",
                    ask(f"history?{interval}&resolution={resolution}"), "ms")
    results.add("statistics of all", ask(f"statistics?{interval}"), "ms")


def main():
    options = bench.arguments(__doc__).parse_args()
    rows, runs = (200_000, 3) if options.quick else (1_000_000, 5)
    require_tool("curl")
    results = bench.Results("export")
    results.heading()
    with bench.Workplace() as folder:
        with Gateway(folder / "gateway") as gateway:
            gateway.start()
            gateway.stop()
            fill(gateway.database_file, "cnc-01", START, rows)
            gateway.start()
            waiting = "SELECT count(*) FROM rollup_backfill"
            took = seconds_of(
                lambda: wait_for(lambda: gateway.query(waiting)[0][0] == 0, "the rollups", 300))
            results.add("older readings summed up", rows / took, "rows/s")
            exports(results, folder, gateway, rows, runs)
            histories(results, gateway, rows)
            gateway.stop()
    results.write()


if __name__ == "__main__":
    main()
