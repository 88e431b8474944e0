"""TLS of REST and MQTT with certificates of `modax pki`: versions, client certificates, files
changed while the gateway runs, and what production refuses."""
import socket
import ssl
import unittest

import requests
from gateway_case import GatewayCase
from modax_test.paho_client import PahoClient
from modax_test.tools import require_binary, run
from modax_test.waiting import wait_for


class Tls(GatewayCase):
    def setUp(self):
        super().setUp()
        self.modax = require_binary("MODAX_BINARY", "modax")
        self.pki = self.directory / "pki"
        self.say("pki", "init", "--dir", self.pki, "--client", "scada")
        self.authority = self.pki / "ca.crt"

    def say(self, *command):
        return run(self.modax, *command).stdout

    def settings_with(self, **more):
        return {
            "https.enabled": "true", "https.bind": "127.0.0.1", "https.port": "0",
            "mqtts.enabled": "true", "mqtts.bind": "127.0.0.1", "mqtts.port": "0",
            "tls.certificate_file": self.pki / "server.crt",
            "tls.key_file": self.pki / "server.key",
            "tls.client_ca_file": self.authority,
            "tls.client_crl_file": self.pki / "ca.crl",
            **{key.replace("__", "."): value for key, value in more.items()},
        }

    def tls_gateway(self, **more):
        return self.gateway(settings=self.settings_with(**more))

    def connect(self, port, **limits):
        """(protocol version, DER certificate of the server)."""
        context = ssl.create_default_context(cafile=self.authority)
        for name, value in limits.items():
            setattr(context, name, value)
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                return secure.version(), secure.getpeercert(binary_form=True)

    def ports(self, gateway):
        return int(gateway.endpoints["https"].rpartition(":")[2]), gateway.mqtts_port

    def test_only_tls_1_2_and_1_3(self):
        gateway = self.tls_gateway()
        for port in self.ports(gateway):
            tls12 = {"maximum_version": ssl.TLSVersion.TLSv1_2}
            self.assertEqual(self.connect(port, **tls12)[0], "TLSv1.2")
            self.assertEqual(self.connect(port)[0], "TLSv1.3")
            old = ssl.create_default_context(cafile=self.authority)
            old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")  # or the client itself would refuse
            with socket.create_connection(("127.0.0.1", port), 10) as plain:
                with self.assertRaises(ssl.SSLError):
                    old.wrap_socket(plain, server_hostname="localhost")
        self.assertEqual(gateway.endpoints["ca_file"], str(self.authority))

    def test_changed_files_are_used_without_a_restart(self):
        gateway = self.tls_gateway()
        https, mqtts = self.ports(gateway)
        before = self.connect(https)[1]
        client = PahoClient(
            mqtts, "stays", ca_file=self.authority,
        )
        self.addCleanup(client.close)
        client.connect()
        self.say("pki", "server", "--dir", self.pki)
        for port in (https, mqtts):
            wait_for(lambda port=port: self.connect(port)[1] != before, "the new certificate", 30, 0.2)
        client.publish("modax/sensor/data/cnc-01", b'{"temperature": 1}', qos=1)
        self.assertEqual(len(self.wait_for_readings(gateway, "cnc-01", 1)), 1)
        new = self.connect(https)[1]
        (self.pki / "server.crt").write_text("no certificate")
        wait_for(lambda: "can't be used" in gateway.log(), "the complaint", 30, 0.2)
        self.assertEqual(self.connect(https)[1], new, "those of before stay")

    def test_https_asks_for_client_certificates_when_told_to(self):
        gateway = self.tls_gateway(
            https__client_certificates="true", https__require_client_certificate="true"
        )
        url = gateway.endpoints["https"].replace("127.0.0.1", "localhost") + "/health"
        with self.assertRaises(requests.exceptions.RequestException):
            requests.get(url, verify=self.authority, timeout=10)
        own = (self.pki / "scada.crt", self.pki / "scada.key")
        answer = requests.get(url, verify=self.authority, cert=own, timeout=10)
        self.assertEqual(answer.status_code, 200)

    def test_a_revoked_client_is_refused_without_a_restart(self):
        gateway = self.tls_gateway(
            https__client_certificates="true", tls__require_client_certificate="true"
        )
        self.say("pki", "client", "--dir", self.pki, "stays")
        url = gateway.endpoints["https"].replace("127.0.0.1", "localhost") + "/health"

        def let_in(name):
            own = (self.pki / f"{name}.crt", self.pki / f"{name}.key")
            try:
                requests.get(url, verify=self.authority, cert=own, timeout=10)
            except requests.exceptions.RequestException:
                return False
            client = PahoClient(
                gateway.mqtts_port, f"client-{name}", ca_file=self.authority,
                cert_file=own[0], key_file=own[1],
            )
            try:
                client.connect()
            except (OSError, AssertionError):
                return False
            finally:
                client.close()
            return True

        self.assertTrue(let_in("scada"))
        self.say("pki", "revoke", "--dir", self.pki, "scada")
        wait_for(lambda: not let_in("scada"), "the revoked certificate is refused", 30, 0.2)
        self.assertTrue(let_in("stays"))
        published = gateway.get("/pki/ca.crl", key="")
        self.assertEqual(published.headers["Content-Type"], "application/pkix-crl")
        file = self.directory / "published.crl"
        file.write_bytes(published.content)
        shown = run("openssl", "crl", "-inform", "DER", "-in", file, "-noout", "-text").stdout
        self.assertIn("Serial Number", shown)

    def test_production_refuses_development_certificates(self):
        gateway = self.gateway(
            start=False, settings=self.settings_with(environment="production")
        )
        gateway.launch()
        gateway.process.wait(20)
        self.assertNotEqual(gateway.process.returncode, 0)
        self.assertIn("is a development certificate", gateway.log())

    def test_the_authority_vouches_only_for_its_hosts(self):
        with self.assertRaisesRegex(AssertionError, "may not vouch for"):
            self.say("pki", "server", "--dir", self.pki, "--host", "bank.example")
        self.assertIn("development only", self.say("pki", "show", self.authority))


if __name__ == "__main__":
    unittest.main()
