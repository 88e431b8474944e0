"""MQTT.js 5 in both protocol versions, over TCP and WebSocket. It is installed, as the lock file
says, into the build folder when the tests run; without npm or its registry they are skipped."""
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from broker_case import BrokerCase
from modax_test.tools import require_tool

HERE = pathlib.Path(__file__).resolve().parent


def install():
    """The folder with node_modules; made once, because the lock file is copied last."""
    npm = require_tool("npm")
    target = pathlib.Path(os.environ.get("MODAX_NPM_DIR", HERE / "../../build/npm-interop")).resolve()
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = target / "installed-lock.json"
    if stamp.exists() and stamp.read_bytes() == lock:
        return target
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, target)
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=target, timeout=300,
        capture_output=True, text=True, check=False,
    )
    if done.returncode != 0:
        raise unittest.SkipTest(f"npm ci could not install MQTT.js: {done.stderr.strip()[-300:]}")
    stamp.write_bytes(lock)
    return target


class _Cases:
    scheme = None
    version = None

    @classmethod
    def setUpClass(cls):
        cls.node = require_tool("node")
        cls.modules = install()
        super().setUpClass()

    def test_cases(self):
        port = self.broker.mqtt_port if self.scheme == "mqtt" else self.broker.ws_port
        self.assertIsNotNone(port, "endpoints.json names no MQTT over WebSocket")
        path = "" if self.scheme == "mqtt" else "/mqtt"
        done = subprocess.run(
            [self.node, HERE / "mqttjs_cases.mjs", f"{self.scheme}://127.0.0.1:{port}{path}",
             str(self.version)],
            cwd=self.modules, timeout=120, capture_output=True, text=True, check=False,
        )
        results = [json.loads(line) for line in done.stdout.splitlines()]
        for result in results:
            with self.subTest(case=result["name"]):
                self.assertIsNone(result["error"], result["error"])
        self.assertGreaterEqual(len(results), 7, done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)


class Tcp311(_Cases, BrokerCase):
    scheme, version = "mqtt", 4


class Tcp5(_Cases, BrokerCase):
    scheme, version = "mqtt", 5


class WebSocket311(_Cases, BrokerCase):
    scheme, version = "ws", 4


class WebSocket5(_Cases, BrokerCase):
    scheme, version = "ws", 5
