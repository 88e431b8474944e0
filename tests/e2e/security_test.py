"""Unusual access is told on every interface (PROMISES 3.4), and secrets are told nowhere."""
import json
import os
import resource
import socket
import time
import unittest

import requests
import websocket
from gateway_case import GatewayCase, reading
from modax_test.paho_client import PahoClient
from modax_test.tools import run
from modax_test.waiting import wait_for

SOON = 15


class UnusualAccess(GatewayCase):
    def actors_told_of(self, gateway, rule):
        """Of one rule only: a test that asks until a key is known can itself be many refusals."""
        def actors():
            rows = gateway.json("/api/v1/audit", action="security.unusual")["rows"]
            return [row["actor"] for row in rows if row["object"] == f"rule:{rule}"]

        return wait_for(actors, f"the row of {rule}", SOON)

    def test_twenty_wrong_keys_are_told_on_every_interface(self):
        gateway = self.gateway()
        listener = self.client(gateway, "watch")
        listener.subscribe("modax/system/security", qos=1)
        live = websocket.create_connection(
            gateway.endpoints["ws"] + "?kinds=security",
            header=[f"X-API-Key: {gateway.admin_key}"], timeout=10,
        )
        self.addCleanup(live.close)
        for _ in range(20):
            gateway.get("/api/v1/devices", "wrong")
        listener.wait_for_messages(1)
        told = json.loads(listener.messages[0].payload)
        self.assertEqual(told["rule"], "many_refusals")
        self.assertEqual(told["source"], "127.0.0.1")
        self.assertIn("20 refusals within 5 minutes", told["evidence"])
        notice = json.loads(live.recv())
        self.assertEqual(notice, {"type": "security", "data": told})
        self.assertEqual(
            gateway.metrics().total("modax_security_events_total", rule="many_refusals"), 1
        )
        self.assertIn("unusual access: 20 refusals", gateway.log())
        self.assertEqual(self.actors_told_of(gateway, "many_refusals"), [""])

    def test_a_key_that_ends_soon_is_told(self):
        gateway = self.gateway()
        listener = self.client(gateway, "watch")
        listener.subscribe("modax/system/security", qos=1)
        made = run(gateway.program, "key", "create", "--name", "short", "--scopes", "readings:read",
                   "--expires", "20h", "--data-dir", gateway.data).stdout.strip()
        listener.wait_for_messages(1, 30)
        told = json.loads(listener.messages[0].payload)
        self.assertEqual(told["rule"], "key_expiring")
        self.assertEqual(told["actor"], "key:" + made.split("_")[2])
        self.assertIn("the key short ends at", told["evidence"])
        self.assertIn("within 1 days", told["evidence"])

    def test_a_revoked_key_is_told_with_its_id_also_after_a_restart(self):
        gateway = self.gateway()
        made = run(gateway.program, "key", "create", "--name", "bi", "--scopes", "readings:read",
                   "--data-dir", gateway.data).stdout.strip()
        identity = made.split("_")[2]
        wait_for(lambda: gateway.get("/api/v1/devices", made).status_code == 200, "the key", SOON)
        gateway.stop()
        known = gateway.query("SELECT actor FROM access_profiles")
        self.assertIn((f"key:{identity}",), known)
        run(gateway.program, "key", "revoke", identity, "--data-dir", gateway.data)
        gateway.start()
        self.assertEqual(gateway.get("/api/v1/devices", made).status_code, 401)
        self.assertEqual(self.actors_told_of(gateway, "revoked_key"), [f"key:{identity}"])


class Secrets(GatewayCase):
    """Canaries are planted wherever a secret can be; none may come out anywhere else."""

    def test_no_canary_comes_out(self):
        canaries = {name: f"canary-{name}-{os.urandom(6).hex()}" for name in
                    ("password", "wrong", "uplink", "file", "credential")}
        secret_file = self.directory / "uplink-password"
        secret_file.write_text(canaries["file"] + "\n")
        credentials = self.directory / "credentials"
        credentials.mkdir()
        (credentials / "uplink").write_text(canaries["credential"])
        pki = self.directory / "pki"
        gateway = self.gateway(start=False, anonymous=False)
        run(gateway.program, "pki", "init", "--dir", pki)
        with socket.socket() as nobody:  # a broker that is away: its port is taken by nobody else
            nobody.bind(("127.0.0.1", 0))
            gateway.environment.update(UPLINK_PASSWORD=canaries["uplink"],
                                       CREDENTIALS_DIRECTORY=str(credentials))
            gateway.settings.update({
                "log.level": "debug", "https.enabled": "true", "https.bind": "127.0.0.1",
                "https.port": "0", "tls.certificate_file": pki / "server.crt",
                "tls.key_file": pki / "server.key", "uplink.enabled": "true",
                "uplink.host": "127.0.0.1", "uplink.port": nobody.getsockname()[1],
                "uplink.user": "gateway",
            })
            said = []
            for kept in ("env:UPLINK_PASSWORD", f"file:{secret_file}", "credential:uplink"):
                gateway.settings["uplink.password"] = kept
                gateway.start()
                said += self.use(gateway, canaries)
                gateway.stop()
            gateway.settings["uplink.password"] = canaries["wrong"]
            gateway.launch()
            gateway.process.wait(20)
            self.assertEqual(gateway.process.returncode, 78, "a secret is not written as it is")
        key_lines = (pki / "server.key").read_text().splitlines()[1:-1]
        said += [gateway.log(), self.printed]
        kept = {path for path in gateway.data.rglob("*") if path.is_file()}
        said += [path.read_bytes().decode(errors="replace") for path in kept
                 if path.name != "admin-key"]
        admin_secret = (gateway.data / "admin-key").read_text().strip().split("_")[3]
        for name, canary in {**canaries, "admin key": admin_secret, "new key": self.new_secret,
                             "TLS key": key_lines[0]}.items():
            for text in said:
                self.assertNotIn(canary, text, name)

    def use(self, gateway, canaries):
        """Traffic that goes well and wrong; every answer."""
        done = [run(gateway.program, "user", "set", "scada", "--role", "scada", "--data-dir", gateway.data, input=canaries["password"] + "\n")]
        for password in (canaries["password"], canaries["wrong"]):
            client = PahoClient(gateway.mqtt_port, "scada", user="scada", password=password)
            self.addCleanup(client.close)
            client.connect()
            client.close()
        answers = [
            requests.post(gateway.endpoints["http"] + "/api/v1/keys", timeout=30, headers={
                "X-API-Key": gateway.admin_key}, data=body)
            for body in ('{"password": "%s"' % canaries["wrong"],
                         json.dumps({"name": "a", "scopes": [canaries["wrong"][:6]]}))
        ]
        made = requests.post(
            gateway.endpoints["http"] + "/api/v1/keys", timeout=30,
            headers={"X-API-Key": gateway.admin_key},
            json={"name": "sap", "scopes": ["readings:read"]},
        ).json()
        self.new_secret = made["key"].split("_")[3]
        wrong = made["key"][:-6] + "AAAAAA"
        answers.append(gateway.get("/api/v1/devices", wrong))
        for path in ("/api/v1/keys", "/api/v1/users", "/api/v1/audit", "/metrics", "/ready"):
            answers.append(gateway.get(path))
        for command in (("audit", "export"), ("key", "list"), ("user", "list")):
            done.append(run(gateway.program, *command, "--data-dir", gateway.data))
        checked = []
        for key, value in gateway.settings.items():
            checked += ["--set", f"{key}={value}"]
        done.append(run(gateway.program, "check-config", *checked, check=False,
                        env=gateway.environment))
        self.printed = "".join(each.stdout + each.stderr for each in done)
        return [each.text + str(each.headers) for each in answers] + [self.printed]

    def test_the_process_leaves_no_core_dump(self):
        gateway = self.gateway()
        limits = resource.prlimit(gateway.process.pid, resource.RLIMIT_CORE)
        self.assertEqual(limits, (0, 0))
        allowed = self.gateway(name="debugged", settings={"allow_core_dumps": "true"})
        self.assertEqual(resource.prlimit(allowed.process.pid, resource.RLIMIT_CORE)[1],
                         resource.getrlimit(resource.RLIMIT_CORE)[1])


if __name__ == "__main__":
    unittest.main()
