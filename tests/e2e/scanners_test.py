"""What others' tools say of the gateway's ports: testssl.sh, nmap, slowhttptest (issue: security)."""
import concurrent.futures
import json
import re
import subprocess
import threading
import unittest

import requests
from gateway_case import GatewayCase
from modax_test.tools import SANITIZED, require_binary, require_tool, run
from modax_test.waiting import wait_for

# What testssl.sh says of findings above "low"; "WARN" is a check that it could not make.
ABOVE_LOW = {"MEDIUM", "HIGH", "CRITICAL"}
CONNECTIONS = 200
SECONDS = 14  # longer than the 10 s in which a head must arrive


class TlsPorts(GatewayCase):
    def setUp(self):
        super().setUp()
        modax = require_binary("MODAX_BINARY", "modax")
        pki = self.directory / "pki"
        run(modax, "pki", "init", "--dir", pki, "--client", "scada")
        self.authority = pki / "ca.crt"
        gateway = self.gateway(settings={
            "https.enabled": "true", "https.bind": "127.0.0.1", "https.port": "0",
            "mqtts.enabled": "true", "mqtts.bind": "127.0.0.1", "mqtts.port": "0",
            "tls.certificate_file": pki / "server.crt", "tls.key_file": pki / "server.key",
        })
        https = int(gateway.endpoints["https"].rpartition(":")[2])
        self.ports = {"https": https, "mqtts": gateway.mqtts_port}

    def findings_of(self, name):
        """Every finding of protocols, ciphers, certificate and known holes: [(id, severity, text)]."""
        report = self.directory / f"{name}.json"
        # Its exit code counts findings of the client, too.
        run(
            require_tool("testssl"), "--quiet", "--color", "0", "--warnings", "off", "--add-ca",
            self.authority, "--jsonfile", report, "--protocols", "--fs", "--server-defaults",
            "--server-preference", "--vulnerable", f"localhost:{self.ports[name]}",
            timeout=500, check=False,
        )
        return [(each["id"], each["severity"], each["finding"])
                for each in json.loads(report.read_text())]

    def test_testssl_finds_nothing_above_low(self):
        require_tool("testssl")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for name, findings in zip(self.ports, pool.map(self.findings_of, self.ports)):
                with self.subTest(port=name):
                    self.assertIn(("TLS1_3", "OK"), [each[:2] for each in findings])
                    worse = [each for each in findings if each[1] in ABOVE_LOW]
                    self.assertEqual(worse, [])

    def test_nmap_grades_a(self):
        ports = ",".join(str(port) for port in self.ports.values())
        said = run(
            require_tool("nmap"), "-Pn", "-p", ports, "--script", "ssl-enum-ciphers", "localhost",
            timeout=120,
        ).stdout
        self.assertEqual(re.findall(r"least strength: (\S+)", said), ["A", "A"], said)
        self.assertEqual(set(re.findall(r"(TLSv[\d.]+|SSLv\d):", said)), {"TLSv1.2", "TLSv1.3"})


class SlowClients(GatewayCase):
    """Others are answered while hundreds of connections dawdle, and those end. How much slower
    others become is measured by tests/bench/security.py."""

    def attack(self, gateway, *mode, path):
        command = [
            require_tool("slowhttptest"), "-c", CONNECTIONS, "-r", CONNECTIONS, "-l", SECONDS, *mode,
            "-p", 10, "-u", gateway.endpoints["http"].rstrip("/") + path,
        ]
        others = Others(gateway)
        with others:
            done = subprocess.run(
                [str(part) for part in command], capture_output=True, text=True, timeout=120,
                env={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
            )
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        self.assertNotIn("service available:   NO", said)
        self.assertIn("service available:   YES", said, said + done.stderr)
        self.assertEqual(others.failures, [])
        self.assertGreater(others.answered, 20)
        wait_for(
            lambda: gateway.metrics().total("modax_http_connections") <= 3, "they are gone", 90, 0.2
        )
        return said

    def setUp(self):
        super().setUp()
        if SANITIZED:
            self.skipTest("answers of a sanitized build take longer than slowhttptest waits")

    def test_slow_heads(self):
        gateway = self.gateway()
        said = self.attack(gateway, "-H", "-i", 3, "-x", 24, path="/")
        self.assertIn("No open connections left", said, "not closed after 10 s")

    def test_slow_bodies(self):
        gateway = self.gateway()
        self.attack(gateway, "-B", "-i", 3, "-s", 8192, "-t", "POST", "-x", 10, path="/api/v1/keys")

    def test_slow_readers(self):
        gateway = self.gateway()
        self.attack(
            gateway, "-X", "-n", 3, "-w", 10, "-y", 20, "-z", 16, "-k", 10, path="/metrics"
        )


class Others:
    """A client that asks on new connections all the time."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.answered = 0
        self.failures = []
        self.stop = threading.Event()

    def ask(self):
        while not self.stop.is_set():
            try:
                answer = self.gateway.get("/api/v1/devices")
            except requests.RequestException as failure:
                self.failures.append(repr(failure))
                continue
            if answer.status_code != 200:
                self.failures.append(answer.status_code)
            self.answered += 1

    def __enter__(self):
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


if __name__ == "__main__":
    unittest.main()
