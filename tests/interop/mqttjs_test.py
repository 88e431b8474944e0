"""MQTT.js 5 in both protocol versions, over TCP and WebSocket. Without npm or its registry the
tests are skipped."""
import json
import pathlib
import subprocess

from broker_case import BrokerCase
from modax_test.npm import install_packages
from modax_test.tools import require_tool

HERE = pathlib.Path(__file__).resolve().parent


class _Cases:
    scheme = None
    version = None

    @classmethod
    def setUpClass(cls):
        cls.node = require_tool("node")
        cls.modules = install_packages(HERE)
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
