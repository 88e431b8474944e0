"""What an integrator and an operator do first: the test instance, doctor, support bundle, completion
and manual page."""
import json
import os
import shutil
import subprocess
import unittest

import requests
from gateway_case import GatewayCase
from modax_test.paho_client import PahoClient
from modax_test.tools import require_binary, require_tool
from modax_test.waiting import wait_for

MODAX = require_binary("MODAX_BINARY", "modax")


def modax(*arguments, check=True):
    return subprocess.run(
        [MODAX, *map(str, arguments)], check=check, capture_output=True, text=True, timeout=60
    )


class TestInstance(GatewayCase):
    """`modax serve --profile test`"""

    settings = {"https.port": "0", "https.bind": "127.0.0.1", "mqtts.port": "0",
                "mqtts.bind": "127.0.0.1"}

    def instance(self):
        gateway = self.gateway(start=False, anonymous=False)
        gateway.extra = ["--profile", "test"]
        return gateway.start()

    def text(self, gateway, name):
        file = gateway.data / name
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        return file.read_text().strip()

    def ask(self, gateway, path, key):
        url = gateway.endpoints["https"].replace("127.0.0.1", "localhost")
        return requests.get(
            url + path, headers={"X-API-Key": key}, verify=gateway.endpoints["ca_file"], timeout=10)

    def test_an_integration_can_begin(self):
        gateway = self.instance()
        key = self.text(gateway, "test-key")
        path = "/api/v1/devices/test-device-01/data"
        answer = wait_for(
            lambda: (a := self.ask(gateway, path, key)).status_code == 200 and a, "a reading", 30, 0.1)
        self.assertEqual(answer.json()["device_id"], "test-device-01")
        self.assertEqual(self.ask(gateway, "/api/v1/keys", key).status_code, 403)
        subscriber = PahoClient(
            gateway.mqtts_port, "integration", user="test-integration",
            password=self.text(gateway, "test-integration.password"),
            ca_file=gateway.endpoints["ca_file"],
        )
        self.addCleanup(subscriber.close)
        subscriber.connect()
        subscriber.subscribe("modax/sensor/data/test-device-01", 1)
        subscriber.wait_for_messages(1)

    def test_a_second_start_keeps_keys_and_certificates(self):
        gateway = self.instance()
        names = ("test-key", "test-integration.password", "pki/server.crt")
        before = [(gateway.data / name).read_text() for name in names]
        gateway.restart()
        self.assertEqual([(gateway.data / name).read_text() for name in names], before)

    def test_the_machine_ends_with_a_killed_gateway(self):
        gateway = self.instance()

        def machines():
            done = subprocess.run(
                ["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
            return [line for line in done.splitlines()
                    if " simulate " in f"{line} " and str(gateway.data) in line]

        wait_for(machines, "the simulated machine", 10)
        gateway.kill()
        wait_for(lambda: not machines(), "the simulated machine to end", 10)


class Doctor(GatewayCase):
    def findings(self, *arguments):
        done = modax("doctor", "--json", *arguments, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        found = {}
        for each in json.loads(done.stdout):
            found.setdefault(each["check"], []).append(each)
        problems = [each for group in found.values() for each in group if each["state"] == "problem"]
        self.assertEqual(done.returncode, 1 if problems else 0, problems)
        return found

    def test_a_running_gateway(self):
        gateway = self.gateway()
        found = self.findings("--data-dir", gateway.data)
        self.assertIn(str(gateway.endpoints["pid"]), found["ports"][0]["text"])
        self.assertEqual(found["gateway: landing"][0]["state"], "good")
        self.assertEqual(found["keys"][-1]["text"], "1 active")
        self.assertEqual(found["disk"][0]["state"], "good")

    def test_each_finding_has_its_fix(self):
        taken = self.gateway()
        port = taken.http_port
        connectors = self.directory / "connectors"
        connectors.mkdir()
        (connectors / "broken.toml").write_text("name = 1")
        missing = self.directory / "missing.pem"
        found = self.findings(
            "--data-dir", self.directory / "new", "--set", f"http.port={port}",
            "--set", "mqtt.port=0", "--set", "opcua.port=0",
            "--set", f"connectors.directory={connectors}",
            "--set", "https.enabled=true", "--set", "https.port=0",
            "--set", f"tls.certificate_file={missing}", "--set", f"tls.key_file={missing}",
            "--set", "landing.disk_quota=1KiB",
        )
        for check in ("port of http", "connectors", "certificates"):
            with self.subTest(check=check):
                self.assertEqual(found[check][0]["state"], "problem")
                self.assertTrue(found[check][0]["fix"])
        self.assertIn(str(port), found["port of http"][0]["text"])
        self.assertIn("broken.toml", found["connectors"][0]["text"])

    def test_a_key_that_ends_soon(self):
        gateway = self.gateway()
        modax("key", "create", "--name", "mes", "--scopes", "readings:read", "--expires", "3d",
              "--data-dir", gateway.data)
        found = self.findings("--data-dir", gateway.data)
        self.assertEqual(found["keys"][0]["state"], "warning")
        self.assertIn("modax key rotate", found["keys"][0]["fix"])

    def test_a_wrong_configuration_is_told_as_everywhere(self):
        done = modax("doctor", "--set", "http.port=99999", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("http.port", done.stderr)


class SupportBundle(GatewayCase):
    def test_it_has_what_helps_and_no_secret(self):
        gateway = self.gateway()
        client = self.client(gateway)
        client.publish("modax/sensor/data/secret-machine", b'{"temperature": 4711.25}', 1)
        config = self.directory / "modax.toml"
        config.write_text('[uplink]\nhost = "broker"\npassword = "env:UPLINK_PASSWORD"\n'
                          '[connectors]\nallowed_hosts = ["user:hunter2@erp"]\n'
                          '# password = "hunter3"\n')
        file = self.directory / "bundle.txt"
        modax("support-bundle", "--config", config, "--data-dir", gateway.data, "-o", file)
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        text = file.read_text()
        for wanted in ("==== findings ====", "modax_ingest_stored_total", '"ready":true',
                       'host = "broker"', "env:UPLINK_PASSWORD"):
            self.assertIn(wanted, text)
        for secret in (gateway.admin_key, "hunter3", "4711.25"):
            self.assertNotIn(secret, text)


class Shells(unittest.TestCase):
    def test_bash_completes_commands_and_options(self):
        bash = require_tool("bash")
        script = modax("completion", "bash").stdout
        done = subprocess.run(
            [bash, "-c", script + """
COMP_WORDS=(modax key cr); COMP_CWORD=2; _modax; echo "${COMPREPLY[*]}"
COMP_WORDS=(modax key create --na); COMP_CWORD=3; _modax; echo "${COMPREPLY[*]}"
"""], check=True, capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["create", "--name"])

    def test_each_shell_has_each_command(self):
        commands = ("serve", "support-bundle", "anomaly")
        for shell in ("bash", "zsh", "fish"):
            script = modax("completion", shell).stdout
            for command in commands:
                self.assertIn(command, script)
            checker = shutil.which(shell)
            if checker:
                option = "--no-execute" if shell == "fish" else "-n"
                subprocess.run([checker, option, "/dev/stdin"], input=script, check=True, text=True)

    def test_manual_page(self):
        page = modax("manual").stdout
        self.assertIn(".SS \"modax key create\"", page)
        if shutil.which("man"):
            done = subprocess.run(
                ["man", "--warnings", "-l", "-"], input=page, check=True, capture_output=True, text=True,
                env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat", "MANROFFOPT": ""})
            self.assertEqual(done.stderr, "")
            self.assertIn("support-bundle", done.stdout)


if __name__ == "__main__":
    unittest.main()
