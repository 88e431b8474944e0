"""Exports, statistics and backups of a gateway from outside: as the requirement's client calls them,
over connections that break, with little memory, and beside slow clients."""
import csv
import datetime
import hashlib
import io
import json
import os
import pathlib
import re
import socket
import threading
import time
import unittest

import requests
from gateway_case import GatewayCase, now, reading
from modax_test.history_rows import fill
from modax_test.tcp_proxy import TcpProxy
from modax_test.tools import SANITIZED, run
from modax_test.waiting import wait_for

HERE = pathlib.Path(__file__).parent / "requirement"
START = 1_765_238_400  # 2025-12-09T00:00:00Z
ROWS = 100_000 if SANITIZED else 1_000_000
MEBIBYTE = 1024 * 1024


class ExportCase(GatewayCase):
    def filled(self, rows, **options):
        """A gateway that has so many readings of cnc-01, one for each second from START."""
        gateway = self.gateway(**options)
        gateway.stop()
        fill(gateway.database_file, "cnc-01", START, rows)
        gateway.start()
        return gateway

    def interval(self, rows):
        times = (datetime.datetime.fromtimestamp(second, datetime.timezone.utc)
                 for second in (START, START + rows))
        return dict(zip(("start", "end"), (each.isoformat() for each in times)))

    def key_file(self, gateway):
        file = self.directory / "key"
        file.write_text(gateway.admin_key + "\n")
        return file

    def export(self, gateway, url, *arguments, check=True):
        return run(gateway.program, "export", "cnc-01", "--url", url, "--key-file",
                   self.key_file(gateway), "--output", self.directory / "out", *arguments,
                   check=check, timeout=120)


class Export(ExportCase):
    def test_the_requirements_client_as_written(self):
        gateway = self.gateway()
        client = self.client(gateway)
        for sequence in range(3):
            client.publish("modax/sensor/data/cnc-machine-01",
                           reading("cnc-machine-01", sequence, temperature=20.5 + sequence), 1)
        self.wait_for_readings(gateway, "cnc-machine-01", 3)
        text = (HERE / "rest_api_client_example.py.txt").read_text(encoding="utf-8")
        text = text.replace("https://api.modax.example.com", gateway.endpoints["http"].rstrip("/"))
        names = {"requests": requests, "__name__": "example"}
        exec(text.replace("your-api-key", gateway.admin_key), names)
        # isoformat() without a zone is UTC.
        end = now().replace(tzinfo=None) + datetime.timedelta(seconds=5)
        content = names["client"].export_data(
            "cnc-machine-01", start_time=end - datetime.timedelta(hours=1), end_time=end
        )
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
        self.assertEqual([row["temperature"] for row in rows], ["20.5", "21.5", "22.5"])
        self.assertEqual({row["device_id"] for row in rows}, {"cnc-machine-01"})
        statistics = gateway.json("/api/v1/devices/cnc-machine-01/statistics", end=end.isoformat())
        self.assertEqual(statistics["sample_count"], 3)
        self.assertEqual(statistics["quantities"]["temperature"]["mean"], 21.5)
        for name in ("order_id", "quantity_produced", "quantity_rejected", "production_date"):
            self.assertIsNone(statistics[name])

    def test_a_gzip_client_and_excel_get_the_same_rows(self):
        gateway = self.filled(2000)
        path = "/api/v1/export/cnc-01/"
        plain = gateway.get(path + "csv", params=self.interval(2000),
                            headers={"Accept-Encoding": "identity"})
        packed = gateway.get(path + "csv", params=self.interval(2000))
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(packed.content, plain.content)
        self.assertEqual(len(plain.content.splitlines()), 2001)
        sheet = gateway.get(path + "xlsx", params=self.interval(2000))
        self.assertEqual(sheet.content[:2], b"PK")
        lines = gateway.get(path + "ndjson", params=self.interval(2000)).content.splitlines()
        self.assertEqual(json.loads(lines[-1])["seq"], 1999)

    def test_the_command_goes_on_after_a_break_and_checks_the_whole(self):
        gateway = self.filled(60_000)
        interval = self.interval(60_000)
        arguments = ("--start", interval["start"], "--end", interval["end"])
        self.export(gateway, gateway.endpoints["http"], *arguments)
        whole = (self.directory / "out").read_bytes()
        (self.directory / "out").unlink()
        part = self.directory / "out.part"
        with TcpProxy(gateway.http_port) as proxy:
            proxy.rate = 2 * MEBIBYTE
            breaks = []

            def break_once():
                wait_for(lambda: part.exists() and part.stat().st_size > 300_000, "a part", 30)
                proxy.rate = None
                breaks.append(part.stat().st_size)
                proxy.reset_connections()

            breaker = threading.Thread(target=break_once)
            breaker.start()
            self.export(gateway, f"http://127.0.0.1:{proxy.port}", *arguments)
            breaker.join()
        self.assertEqual(len(breaks), 1)
        self.assertEqual((self.directory / "out").read_bytes(), whole)
        self.assertFalse(part.exists())
        # A run before, whose part has been damaged since, is found out.
        etag = gateway.get("/api/v1/export/cnc-01/csv", params={
            **interval, "resolution": "raw", "metrics": ""},
            headers={"Accept-Encoding": "identity"}).headers["ETag"]
        (self.directory / "out").unlink()
        part.write_bytes(b"x" * 1000)
        escaped = {name: value.replace(":", "%3A").replace("+", "%2B")
                   for name, value in interval.items()}
        (self.directory / "out.part.request").write_text(
            "/api/v1/export/cnc-01/csv?resolution=raw&metrics="
            f"&start={escaped['start']}&end={escaped['end']}\n{etag}\n")
        damaged = self.export(gateway, gateway.endpoints["http"], *arguments, check=False)
        self.assertEqual(damaged.returncode, 1, damaged.stderr)
        self.assertIn("digest", damaged.stderr)
        self.assertFalse((self.directory / "out").exists())

    def test_wrong_commands_say_why(self):
        gateway = self.gateway()
        refused = self.export(gateway, gateway.endpoints["http"], check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("there is no device cnc-01", refused.stderr)
        wrong = self.export(gateway, "ftp://x", check=False)
        self.assertEqual(wrong.returncode, 64)
        (self.directory / "out").write_text("mine")
        there = self.export(gateway, gateway.endpoints["http"], check=False)
        self.assertIn("--force", there.stderr)
        self.assertEqual((self.directory / "out").read_text(), "mine")


class Million(ExportCase):
    """A million rows: flat memory, and a slow client that nobody else feels."""

    def memory(self, gateway, name):
        status = pathlib.Path(f"/proc/{gateway.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024

    def test_memory_stays_flat_and_a_slow_client_slows_nobody(self):
        gateway = self.filled(ROWS)
        waiting = "SELECT count(*) FROM rollup_backfill"
        wait_for(lambda: gateway.query(waiting)[0][0] == 0, "the rollups", 120)
        path = "/api/v1/export/cnc-01/csv"
        target = path + "?" + "&".join(f"{name}={value.replace('+', '%2B')}"
                                       for name, value in self.interval(ROWS).items())
        before = self.memory(gateway, "VmRSS")
        # 10 KB/s, until the test ends.
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        slow.connect(("127.0.0.1", gateway.http_port))
        self.addCleanup(slow.close)
        slow.sendall((f"GET {target} HTTP/1.1\r\nHost: x\r\nX-API-Key: {gateway.admin_key}\r\n"
                      "\r\n").encode())
        ended = threading.Event()
        self.addCleanup(ended.set)
        taken = []

        def read_slowly():
            while not ended.wait(0.1):
                piece = slow.recv(1024)
                if not piece:
                    break
                taken.append(len(piece))

        threading.Thread(target=read_slowly, daemon=True).start()
        wait_for(lambda: taken, "the slow client's first bytes", 20)
        size, lines, digest = 0, 0, hashlib.sha256()
        begun = time.monotonic()
        with gateway.get(target, stream=True, headers={"Accept-Encoding": "identity"}) as answer:
            self.assertEqual(answer.status_code, 200)
            for piece in answer.iter_content(1 << 16):
                size += len(piece)
                lines += piece.count(b"\n")
                digest.update(piece)
        spent = time.monotonic() - begun
        self.assertEqual(lines, ROWS + 1)
        latencies = []
        for _ in range(50):
            asked = time.monotonic()
            self.assertEqual(gateway.get("/api/v1/devices/cnc-01/history?limit=10").status_code, 200)
            latencies.append(time.monotonic() - asked)
        growth = self.memory(gateway, "VmHWM") - before
        print(f"{ROWS} rows, {size / 1e6:.0f} MB in {spent:.1f} s; {growth:.1f} MiB more memory; "
              f"p95 of others {sorted(latencies)[47] * 1000:.1f} ms; the slow client has "
              f"{sum(taken)} bytes")
        self.assertLess(growth, 64)
        self.assertLess(sorted(latencies)[47], 0.5)
        self.assertLess(sum(taken), size / 10)


class Backup(ExportCase):
    def test_beside_a_running_gateway_and_back(self):
        gateway = self.filled(5000)
        client = self.client(gateway)
        file = self.directory / "backup.db"
        client.publish("modax/sensor/data/cnc-02", reading("cnc-02", 1), 1)
        made = run(gateway.program, "backup", file, "--data-dir", gateway.data)
        self.assertIn("integrity checked", made.stdout)
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        again = run(gateway.program, "backup", file, "--data-dir", gateway.data, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("--force", again.stderr)
        wait_for(lambda: [row for row in gateway.json("/api/v1/audit", limit=100)["rows"]
                          if row["action"] == "store.backup"], "the audit row", 10)
        running = run(gateway.program, "restore", file, "--force", "--data-dir", gateway.data,
                      check=False)
        self.assertEqual(running.returncode, 69, running.stderr)
        gateway.stop()
        exists = run(gateway.program, "restore", file, "--data-dir", gateway.data, check=False)
        self.assertEqual(exists.returncode, 1)
        self.assertIn("--force", exists.stderr)
        # What came after the backup is gone then.
        gateway.start()
        self.client(gateway, "late").publish("modax/sensor/data/cnc-02", reading("cnc-02", 2), 1)
        self.wait_for_readings(gateway, "cnc-02", 2)
        gateway.stop()
        run(gateway.program, "restore", file, "--force", "--data-dir", gateway.data)
        self.assertTrue((gateway.data / "modax.db.replaced").exists())
        # That something is missing since is what a restore is, and it shows.
        verified = run(gateway.program, "audit", "verify", "--data-dir", gateway.data, check=False)
        self.assertIn("were cut", verified.stderr)
        gateway.start()
        self.assertEqual(len(self.wait_for_readings(gateway, "cnc-02", 1)), 1)
        self.assertEqual(len(self.wait_for_readings(gateway, "cnc-01", 5000)), 5000)
        actions = [row["action"] for row in gateway.json("/api/v1/audit", limit=100)["rows"]]
        self.assertIn("store.restore", actions)

    def test_what_is_no_backup_is_refused(self):
        gateway = self.gateway(start=False)
        other = self.directory / "other"
        other.write_bytes(b"not a database at all" * 100)
        refused = run(gateway.program, "restore", other, "--data-dir", gateway.data, check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertFalse((gateway.data / "modax.db").exists())


if __name__ == "__main__":
    unittest.main()
