"""Faults of the disk: full, and a sync that fails. Nothing acknowledged may be lost."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from gateway_case import GatewayCase, stored_sequences
from modax_test.flood import publish
from modax_test.gateway import Gateway
from modax_test.ledger import LedgerReader, read_ledger
from modax_test.tools import require_tool
from modax_test.waiting import wait_for


def may(*command):
    """The kernel lets an ordinary user do this here."""
    done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    return done.returncode == 0


class DiskFull(GatewayCase):
    """The data directory is a small tmpfs in a mount namespace of its own."""

    def test_nothing_acknowledged_is_lost_and_it_goes_on_by_itself(self):
        unshare = require_tool("unshare")
        if not may(unshare, "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"):
            raise unittest.SkipTest("unprivileged mount namespaces are not permitted here")
        size = 12
        mount = self.directory / "gateway" / "data"
        mount.mkdir(parents=True)
        script = f'mount -t tmpfs -o size={size}m none "{mount}" && exec "$@"'
        gateway = self.gateway(start=False, prefix=[unshare, "-Urm", "sh", "-c", script, "sh"])
        # Inside the namespace: seen through /proc from here.
        gateway.launch()
        inside = pathlib.Path(f"/proc/{gateway.pid}/root{mount}")
        gateway.data = inside
        gateway.endpoints = gateway.wait_until(gateway._read_endpoints, "endpoints.json")
        key = (inside / pathlib.Path(gateway.endpoints["admin_key_file"]).name).read_text().strip()
        gateway.endpoints["admin_key_file"] = str(self.directory / "key")
        (self.directory / "key").write_text(key)
        (self.directory / "key").chmod(0o600)
        ledger = LedgerReader(self.directory / "ledger")
        filler = inside / "filler"  # what a person deletes later to make room
        filler.write_bytes(b"x" * (5 * 2**20))
        flood = publish(
            gateway.mqtt_port, connections=2, qos=1, count=1_000_000, limit=240, reconnect=200,
            ledger=ledger.path,
        )
        self.addCleanup(flood.kill)
        acknowledged = 0

        def new_pubacks():
            nonlocal acknowledged
            count = len(ledger.new_entries())
            acknowledged += count
            return count

        wait_for(lambda: new_pubacks() and acknowledged > 1000, "the first PUBACKs", 30)
        wait_for(lambda: not gateway.is_ready(), "/ready tells of the full disk", 60)
        wait_for(lambda: new_pubacks() == 0, "no more PUBACKs with a full disk", 60, 1.0)
        self.assertFalse(gateway.is_ready())
        self.assertTrue(gateway.running)
        self.assertEqual(gateway.get("/health", key="").status_code, 200)
        page = gateway.json(
            "/api/v1/devices/flood-00000/history", start="2000-01-01",
            end="2100-01-01", limit=10,
        )
        self.assertEqual(len(page["readings"]), 10, "reads go on")
        filler.unlink()
        before = acknowledged
        wait_for(lambda: new_pubacks() >= 0 and acknowledged > before + 100,
                 "PUBACKs again, by itself, after room was made", 60, 0.2)
        flood.process.send_signal(signal.SIGKILL)
        flood.process.communicate()
        for device, sequences in read_ledger(ledger.path).items():
            stored = stored_sequences(gateway, device)
            self.assertEqual(sorted(sequences - set(stored))[:5], [], device)
            self.assertEqual(set(stored.values()), {1})


class FailingSync(GatewayCase):
    """fdatasync and fsync answer EIO for a while: not acknowledged, then taken after all."""

    def test_no_puback_without_a_sync(self):
        strace = require_tool("strace")
        if not may(strace, "-f", "-e", "trace=none", "true"):
            raise unittest.SkipTest("ptrace is not permitted here")
        gateway = self.gateway(start=False)
        faulty = Gateway(
            gateway.directory, {},
            prefix=[
                strace, "-f", "--seccomp-bpf", "-qq", "-o", self.directory / "strace",
                "-e", "trace=fdatasync,fsync",
                "-e", "inject=fdatasync,fsync:error=EIO:when=40..60",
            ],
        )
        self.addCleanup(stop_children, faulty)
        faulty.start(timeout=60)
        ledger = self.directory / "ledger"
        report = publish(
            faulty.mqtt_port, connections=2, qos=1, count=20_000, rate=2000, limit=120,
            reconnect=60, ledger=ledger,
        ).result(check=False)
        injected = (self.directory / "strace").read_text().count("(INJECTED)")
        self.assertGreater(injected, 0, "no sync was made to fail")
        stop_children(faulty)
        gateway.settings = {"http.port": "0", "mqtt.port": "0", **gateway.settings}
        gateway.start()
        lost = 0
        for device, sequences in read_ledger(ledger).items():
            stored = stored_sequences(gateway, device)
            self.assertEqual(sorted(sequences - set(stored))[:5], [], device)
            self.assertEqual(set(stored.values()), {1})
            lost += len(sequences - set(stored))
        print(json.dumps({"injected": injected, "acknowledged": report["acknowledged"],
                          "lost": lost}), flush=True)
        self.assertEqual(report["acknowledged"], 20_000, "it must go on by itself")


def stop_children(server):
    """strace does not pass SIGKILL on: end what it traces, by pid, then itself."""
    if not server.running:
        return
    children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    end = time.monotonic() + 10
    while server.running and time.monotonic() < end:
        time.sleep(0.05)
    server.kill()
