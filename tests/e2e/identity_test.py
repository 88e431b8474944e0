"""Keys, users and roles (PROMISES P10, 3.2): made by the command line and over REST while the
gateway runs, rotated without a failed call, and gone within a second everywhere."""
import json
import threading
import time
import unittest

import requests
import websocket
from gateway_case import GatewayCase, reading
from modax_test.paho_client import MQTTv5, PahoClient
from modax_test.tools import run
from modax_test.waiting import wait_for

PASSWORD = "a long enough password"
SOON = 1.5  # a second, and what the machine of a test needs besides


class IdentityCase(GatewayCase):
    def modax(self, gateway, *command, **options):
        return run(gateway.program, *command, "--data-dir", gateway.data, **options).stdout.strip()

    def send(self, gateway, method, path, key=None, **body):
        return requests.request(
            method, gateway.endpoints["http"] + path, json=body or None, timeout=30,
            headers={"X-API-Key": key or gateway.admin_key},
        )

    def create(self, gateway, **body):
        answer = self.send(gateway, "POST", "/api/v1/keys", **{"name": "test", **body})
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()


class Keys(IdentityCase):
    def test_the_command_line_works_beside_the_gateway_and_without_it(self):
        gateway = self.gateway()
        key = self.modax(gateway, "key", "create", "--name", "sap", "--scopes", "readings:read",
                         "--devices", "cnc-*", "--networks", "127.0.0.0/8", "--expires", "90d")
        wait_for(lambda: gateway.get("/api/v1/devices", key).status_code == 200, "the key", SOON)
        self.assertEqual(gateway.get("/api/v1/accounting", key).status_code, 403)
        gateway.stop()
        listed = self.modax(gateway, "key", "list")
        self.assertIn("sap", listed)
        identity = next(line.split()[0] for line in listed.splitlines() if "sap" in line)
        self.modax(gateway, "key", "revoke", identity)
        gateway.start()
        self.assertEqual(gateway.get("/api/v1/devices", key).status_code, 401)

    def test_a_rotation_under_load_fails_no_call(self):
        gateway = self.gateway()
        made = self.create(gateway, scopes=["readings:read"])
        current = {"key": made["key"]}
        answers, stop = [], threading.Event()

        def ask():
            session = requests.Session()
            while not stop.is_set():
                answers.append(session.get(
                    gateway.endpoints["http"] + "/api/v1/devices",
                    headers={"X-API-Key": current["key"]}, timeout=10,
                ).status_code)
                stop.wait(0.02)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                wait_for(lambda count=len(answers): len(answers) > count + 30, "calls", 20)
                answer = self.send(gateway, "POST", f"/api/v1/keys/{made['id']}/rotate",
                                   overlap="7d")
                self.assertEqual(answer.status_code, 201, answer.text)
                made = answer.json()
                wait_for(lambda count=len(answers): len(answers) > count + 30, "the old key", 20)
                current["key"] = made["key"]
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(set(answers), {200})

    def test_a_revoked_key_ends_within_a_second_everywhere(self):
        gateway = self.gateway()
        for revoke in ("rest", "cli"):
            made = self.create(gateway, scopes=["readings:read"])
            live = websocket.create_connection(
                gateway.endpoints["ws"], header=[f"X-API-Key: {made['key']}"], timeout=10
            )
            self.addCleanup(live.close)
            session = requests.Session()
            url = gateway.endpoints["http"] + "/api/v1/devices"
            headers = {"X-API-Key": made["key"]}
            self.assertEqual(session.get(url, headers=headers, timeout=10).status_code, 200)
            if revoke == "rest":
                self.assertEqual(
                    self.send(gateway, "DELETE", f"/api/v1/keys/{made['id']}").status_code, 200
                )
            else:
                self.modax(gateway, "key", "revoke", made["id"])
            begun = time.monotonic()
            wait_for(
                lambda: session.get(url, headers=headers, timeout=10).status_code == 401,
                f"{revoke}: 401 on the kept connection", SOON,
            )
            with self.assertRaises(websocket.WebSocketConnectionClosedException):
                while True:
                    opcode, frame = live.recv_data()
                    if opcode == websocket.ABNF.OPCODE_CLOSE:
                        self.assertEqual(int.from_bytes(frame[:2], "big"), 4001)
                        raise websocket.WebSocketConnectionClosedException
            self.assertLess(time.monotonic() - begun, 10)

    def test_a_key_is_for_its_devices_and_tells_nothing_of_others(self):
        gateway = self.gateway()
        client = self.client(gateway)
        for device in ("cnc-01", "press-01"):
            client.publish(f"modax/sensor/data/{device}", reading(device, 1), qos=1)
        key = self.create(gateway, scopes=["*"], devices=["cnc-*"])["key"]
        paths = ("", "/data", "/history?start=2000-01-01T00:00:00Z&end=2100-01-01T00:00:00Z")
        for path in paths:
            own = gateway.get("/api/v1/devices/cnc-01" + path, key)
            self.assertEqual(own.status_code, 200, path)
            other = gateway.get("/api/v1/devices/press-01" + path, key)
            unknown = gateway.get("/api/v1/devices/press-99" + path, key)
            self.assertEqual(other.status_code, 403, path)
            self.assertEqual(
                {**other.json(), "instance": ""}, {**unknown.json(), "instance": ""}, path
            )
        listed = gateway.get("/api/v1/devices", key).json()["devices"]
        self.assertEqual([each["id"] for each in listed], ["cnc-01"])
        self.assertEqual(gateway.get("/api/v1/keys", key).status_code, 403)


class Users(IdentityCase):
    def user_client(self, gateway, user, password=PASSWORD, name=None):
        client = PahoClient(gateway.mqtt_port, name or f"client-{user}", protocol=MQTTv5,
                            user=user, password=password)
        self.addCleanup(client.close)
        return client

    def test_roles_allow_what_they_are_for_and_changes_end_sessions(self):
        gateway = self.gateway(anonymous=False)
        secret = self.directory / "password"
        secret.write_text(PASSWORD)
        self.modax(gateway, "user", "set", "cnc-01", "--role", "device", "--password-file", secret)
        self.modax(gateway, "user", "set", "mes-integration", "--password-file", secret)
        wait_for(lambda: len(gateway.json("/api/v1/users")["users"]) == 2, "the users", SOON)
        device = self.user_client(gateway, "cnc-01")
        self.assertEqual(device.connect()[1], 0)
        watcher = self.user_client(gateway, "mes-integration")
        self.assertEqual(watcher.connect()[1], 0)
        watcher.subscribe("modax/sensor/data/#", qos=1)
        device.publish("modax/sensor/data/cnc-01", reading("cnc-01", 1), qos=1)
        self.assertEqual(json.loads(watcher.wait_for_messages(1)[0].payload)["device_id"], "cnc-01")
        for refused in ("#", "modax/control/commands/#", "$SYS/#"):
            granted = watcher.subscribe(refused)
            self.assertGreaterEqual(granted[0].value, 0x80, refused)
        device.client.publish("modax/sensor/data/cnc-02", reading("cnc-02", 1), 1)
        device.publish("modax/sensor/data/cnc-01", reading("cnc-01", 2), qos=1)
        self.assertEqual(gateway.get("/api/v1/devices/cnc-02").status_code, 404)

        answer = self.send(gateway, "PUT", "/api/v1/users/cnc-01", roles=["bi"])
        self.assertEqual(answer.status_code, 200, answer.text)
        wait_for(lambda: device.disconnects, "the end of the session", SOON)
        self.modax(gateway, "user", "remove", "mes-integration")
        wait_for(lambda: watcher.disconnects, "the end of the session", SOON)
        self.assertNotEqual(self.user_client(gateway, "mes-integration", name="x").connect()[1], 0)

    def test_a_session_does_not_outlive_the_right_it_used(self):
        gateway = self.gateway(anonymous=False)
        for user, role in (("anna", "scada"), ("cnc-01", "device")):
            self.send(gateway, "PUT", f"/api/v1/users/{user}", password=PASSWORD, roles=[role])

        def session():
            client = PahoClient(gateway.mqtt_port, "anna-1", clean=False, user="anna",
                                password=PASSWORD)
            self.addCleanup(client.close)
            return client, client.connect()[0]

        client, _ = session()
        client.subscribe("modax/sensor/safety/#", qos=1)
        client.disconnect()
        client, present = session()
        self.assertTrue(present, "the session is there while the right is")
        client.disconnect()
        device = self.user_client(gateway, "cnc-01")
        device.connect()
        device.publish("modax/sensor/safety/cnc-01", b'{"emergency_stop": false,'
                       b'"door_closed": true, "overload_detected": false,'
                       b'"temperature_ok": true}', qos=1)
        self.send(gateway, "PUT", "/api/v1/users/anna", roles=["bi"])
        client, present = session()
        self.assertFalse(present, "what waited must not be delivered")
        client.subscribe("modax/sensor/data/#", qos=1)
        device.publish("modax/sensor/data/cnc-01", reading("cnc-01", 1), qos=1)
        topics = [each.topic for each in client.wait_for_messages(1)]
        self.assertEqual(topics, ["modax/sensor/data/cnc-01"])

    def test_an_own_role_and_the_old_file(self):
        gateway = self.gateway(anonymous=False)
        answer = self.send(gateway, "PUT", "/api/v1/roles/cell", publish=["cell/%u/#"],
                           subscribe=["cell/#"])
        self.assertEqual(answer.status_code, 200, answer.text)
        answer = self.send(gateway, "PUT", "/api/v1/users/c7", password=PASSWORD, roles=["cell"])
        self.assertEqual(answer.status_code, 200, answer.text)
        client = self.user_client(gateway, "c7")
        self.assertEqual(client.connect()[1], 0)
        client.subscribe("cell/#", qos=1)
        client.publish("cell/c7/state", b"on", qos=1)
        self.assertEqual(client.wait_for_messages(1)[0].payload, b"on")
        old = self.directory / "mqtt-users"
        old.write_text("# from before\nscanner:!\n")
        self.assertIn("1 users", self.modax(gateway, "user", "import", old, "--role", "device"))
        self.assertIn("scanner", self.modax(gateway, "user", "list"))
        self.assertIn("cell/%u/#", self.modax(gateway, "role", "list"))


if __name__ == "__main__":
    unittest.main()
