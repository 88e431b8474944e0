"""node-opcua as a peer of the OPC UA server, its certificates made by openssl, and a gateway with
users. Without npm or its registry the tests are skipped."""
import json
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading
import unittest

from modax_test.gateway import Gateway
from modax_test.npm import install_packages
from modax_test.paho_client import PahoClient
from modax_test.tools import require_tool

HERE = pathlib.Path(__file__).resolve().parent
PASSWORD = "correct horse battery staple"
URI = "urn:modax:test-client"
TIMEOUT = 60


class OpcUaError(Exception):
    """What node-opcua said."""


class Peer:
    """A node process with any number of named clients."""

    def __init__(self, node, modules):
        self.process = subprocess.Popen(
            [node, HERE / "opcua_client.mjs"], cwd=modules, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        self.answers = queue.Queue()
        self.number = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            if line.startswith('{"id"'):
                self.answers.put(json.loads(line))
        self.answers.put(None)

    def call(self, op, **parameters):
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, "op": op, **parameters}) + "\n")
        self.process.stdin.flush()
        answer = self.answers.get(timeout=TIMEOUT)
        if answer is None:
            raise OpcUaError("node ended")
        if "error" in answer:
            raise OpcUaError(answer["error"])
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process.stdout.close()


class Certificates:
    """Client certificates as the tests want them, self-signed or by an authority."""

    def __init__(self, directory):
        self.openssl = require_tool("openssl")
        self.directory = directory
        directory.mkdir(exist_ok=True)

    def run(self, *arguments):
        subprocess.run([self.openssl, *map(str, arguments)], check=True, capture_output=True)

    def make(self, name, uri=URI, bits=2048, ca=False, digest="sha256", days=("-days", "30"),
             usage="digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment",
             extended="clientAuth", key=None, issuer=None, host="DNS:localhost"):
        """(certificate, key) as PEM files."""
        certificate, key_file = (self.directory / f"{name}.{end}" for end in ("pem", "key"))
        extensions = [f"basicConstraints=critical,CA:{'TRUE' if ca else 'FALSE'}",
                      f"keyUsage={usage}", f"subjectAltName=URI:{uri},{host}"]
        if extended:
            extensions.append(f"extendedKeyUsage={extended}")
        added = [each for extension in extensions for each in ("-addext", extension)]
        new_key = ["-newkey", key or f"rsa:{bits}"]
        if key and key.startswith("ec"):
            new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        signer = [] if issuer is None else ["-CA", issuer[0], "-CAkey", issuer[1]]
        self.run("req", "-x509", "-nodes", *new_key, "-keyout", key_file, "-out", certificate,
                 f"-{digest}", "-subj", f"/CN={name}", *days, *added, *signer)
        return certificate, key_file


class OpcUaCase(unittest.TestCase):
    settings = {}
    users = {"factorytalk": "scada"}

    @classmethod
    def setUpClass(cls):
        cls.node = require_tool("node")
        cls.modules = install_packages(HERE)

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="modax-opcua-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.certificates = Certificates(self.directory / "certificates")
        self.gateway = Gateway(self.directory / "gateway", self.settings)
        self.addCleanup(self.gateway.kill)
        self.gateway.start()
        secret = self.directory / "password"
        secret.write_text(PASSWORD)
        for user, role in self.users.items():
            self.modax("user", "set", user, "--role", role, "--password-file", secret)
        self.peer = Peer(self.node, self.modules)
        self.addCleanup(self.peer.close)
        self.mqtt = PahoClient(self.gateway.mqtt_port, "machine")
        self.addCleanup(self.mqtt.close)
        self.mqtt.connect()
        self.certificate = self.certificates.make("client")

    def modax(self, *command):
        return subprocess.run(
            [self.gateway.program, *command, "--data-dir", self.gateway.data],
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout

    @property
    def trust_folder(self):
        return self.gateway.data / "opcua"

    def trust(self, certificate):
        shutil.copy(certificate, self.trust_folder / "trusted" / "certs")

    def connect(self, name="client", policy="Basic256Sha256", mode="SignAndEncrypt",
                certificate=None, uri=URI, **options):
        certificate, key = certificate or self.certificate
        user = options.pop("user", {"name": "factorytalk", "password": PASSWORD})
        return self.peer.call(
            "connect", name=name, url=self.gateway.endpoints["opcua"], policy=policy, mode=mode,
            user=user, certificate=str(certificate), key=str(key), uri=uri,
            pki=str(self.directory / "pki"),
        )

    def publish(self, device, **values):
        self.mqtt.publish(
            f"modax/sensor/data/{device}", json.dumps({"device_id": device, **values}).encode(), qos=1
        )

    def value(self, node, name="client"):
        return self.peer.call("read", name=name, nodes=[f"ns=1;s={node}"])[0]
