"""`modax replay` and `modax simulate` against a running gateway."""
import os
import pathlib
import signal
import subprocess

from gateway_case import GatewayCase, history
from modax_test.tools import run
from modax_test.waiting import wait_for

SOURCE = pathlib.Path(os.environ.get("MODAX_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
NAB = SOURCE / "examples/data/machine_temperature_system_failure.csv"


class Replay(GatewayCase):
    def test_every_row_arrives(self):
        gateway = self.gateway()
        rows = NAB.read_text().splitlines()[:201]
        file = self.directory / "readings.csv"
        file.write_text("\n".join(rows) + "\n")
        run(
            gateway.program, "replay", file, "--device", "press-01", "--speed", "1000000",
            "--host", "127.0.0.1", "--port", gateway.mqtt_port, timeout=60,
        )
        stored = self.wait_for_readings(gateway, "press-01", 200)
        self.assertEqual(len(stored), 200)
        values = [float(row.rpartition(",")[2]) for row in rows[1:]]
        self.assertEqual(sorted(each["temperature"] for each in stored), sorted(values))


class Simulate(GatewayCase):
    def test_a_machine_appears(self):
        gateway = self.gateway()
        process = subprocess.Popen(
            [gateway.program, "simulate", "--device", "cnc-01", "--seed", "7", "--interval", "1s", "--speed", "50",
             "--host", "127.0.0.1", "--port", str(gateway.mqtt_port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        stored = self.wait_for_readings(gateway, "cnc-01", 20)
        process.send_signal(signal.SIGINT)
        process.wait(10)
        self.assertTrue(all(each["temperature"] is not None for each in stored))
        self.assertTrue(any(each["spindle_speed"] for each in stored))
        wait_for(lambda: len(list(history(gateway, "cnc-01"))) >= 20, "the readings stay")
