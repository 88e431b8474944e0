"""The record of who did what (PROMISES P9): accesses and refusals of every interface within a second,
and every later change of it found."""
import shutil
import sqlite3
import unittest

import websocket
from gateway_case import GatewayCase, reading
from modax_test.tools import run
from modax_test.waiting import wait_for

SOON = 1.5  # a second, and what the machine of a test needs besides


class Audit(GatewayCase):
    def rows(self, gateway, **filters):
        return gateway.json("/api/v1/audit", limit=1000, **filters)["rows"]

    def verify(self, gateway, data=None):
        return run(gateway.program, "audit", "verify", "--data-dir", data or gateway.data,
                   check=False)

    def test_an_access_on_each_interface_is_there_within_a_second(self):
        gateway = self.gateway()
        client = self.client(gateway, "mqtt-client")
        client.publish("modax/sensor/data/cnc-01", reading("cnc-01", 1), qos=1)
        client.subscribe("modax/sensor/data/#")
        gateway.get("/api/v1/devices/cnc-01/data")
        live = websocket.create_connection(
            gateway.endpoints["ws"] + "/device/cnc-01",
            header=[f"X-API-Key: {gateway.admin_key}"], timeout=10,
        )
        self.addCleanup(live.close)
        key = gateway.admin_key.split("_")[2][:8]

        def there():
            found = {(each["via"], each["actor"], each["action"], each["object"])
                     for each in self.rows(gateway)}
            return {
                ("rest", f"key:{key}", "readings.read", "device:cnc-01"),
                ("websocket", f"key:{key}", "live.subscribe", "device:cnc-01"),
                ("mqtt", "anonymous", "session.open", "client:mqtt-client"),
                ("mqtt", "anonymous", "topic.subscribe", "topic:modax/sensor/data/#"),
            } <= found

        wait_for(there, "the accesses in the audit log", SOON)
        self.assertEqual(gateway.get("/api/v1/devices", "wrong").status_code, 401)
        wait_for(lambda: self.rows(gateway, result="refused"), "the refusal", SOON)

    def test_what_was_changed_is_found(self):
        gateway = self.gateway()
        for _ in range(3):
            run(gateway.program, "key", "create", "--name", "a", "--scopes", "readings:read",
                "--data-dir", gateway.data)
        self.assertEqual(self.verify(gateway).returncode, 0, "while the gateway runs")
        gateway.stop()
        self.assertEqual(self.verify(gateway).returncode, 0)
        for statement, problem in (
            ("UPDATE audit_log SET actor = 'key:b' WHERE sequence = 2", "row 2 was changed"),
            ("UPDATE audit_log SET hash = zeroblob(32) WHERE sequence = 3", "row 3 was changed"),
            ("DELETE FROM audit_log WHERE sequence = 2", "row 2 is missing"),
            ("DELETE FROM audit_log WHERE sequence > 2", "row 3 and all after it were cut"),
        ):
            copy = self.directory / "copy"
            shutil.copytree(gateway.data, copy)
            database = sqlite3.connect(copy / "modax.db")
            database.execute(statement)
            database.commit()
            database.close()
            answer = self.verify(gateway, copy)
            self.assertEqual(answer.returncode, 1, statement)
            self.assertIn(problem, answer.stderr, statement)
            shutil.rmtree(copy)
        nowhere = self.directory / "nowhere"
        answer = self.verify(gateway, nowhere)
        self.assertEqual(answer.returncode, 1)
        self.assertIn("there is no store in", answer.stderr)
        self.assertFalse(nowhere.exists())
        exported = run(gateway.program, "audit", "export", "--format", "csv", "--data-dir",
                       gateway.data).stdout
        self.assertIn(',key.create,', exported)


if __name__ == "__main__":
    unittest.main()
