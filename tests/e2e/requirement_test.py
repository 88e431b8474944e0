"""The requirement's client examples, run as they are printed. requirement/ keeps the printed text;
only host, port, credentials and paths are replaced. The printed MQTT block uses `json` without
importing it, so it runs in a namespace that has it; nothing else is added."""
import base64
import contextlib
import http.server
import io
import json
import pathlib
import re
import threading
import unittest

import requests

from gateway_case import GatewayCase, reading
from operations_test import COMPLETION, ORDERS, post
from modax_test.certificates import Certificates
from modax_test.flood import Flood
from modax_test.paho_client import CALLBACKS
from modax_test.tools import run
from modax_test.waiting import wait_for

HERE = pathlib.Path(__file__).resolve().parent / "requirement"
PASSWORD = "a long test password 1"


def replaced(text, *pairs):
    """The text with each pair replaced; fails when a printed part is not there."""
    for printed, here in pairs:
        if printed not in text:
            raise AssertionError(f"the printed block has no {printed!r}")
        text = text.replace(printed, here)
    return text


class MqttClientExample(GatewayCase):
    def setUp(self):
        if CALLBACKS:
            raise unittest.SkipTest("paho 2 refuses mqtt.Client() as the requirement prints it")
        super().setUp()

    def test_as_written_with_tls_user_password_and_client_certificate(self):
        certificates = Certificates(self.directory / "tls")
        server, client = certificates.server, certificates.client("integration-client")
        gateway = self.gateway(start=False, anonymous=False, settings={
            "mqtts.enabled": "true", "mqtts.bind": "127.0.0.1", "mqtts.port": "0",
            "tls.certificate_file": server.certificate_file, "tls.key_file": server.key_file,
            "tls.client_ca_file": certificates.ca_file, "tls.require_client_certificate": "true",
        })
        for name, role in (("integration-client", "scada"), ("machine", "collector")):
            run(gateway.program, "user", "set", name, "--role", role, "--data-dir", gateway.data,
                input=PASSWORD + "\n")
        gateway.start()
        text = replaced(
            (HERE / "mqtt_client_example.py.txt").read_text(encoding="utf-8"),
            ('"mqtt.modax.example.com", 8883', f'"localhost", {gateway.mqtts_port}'),
            ('"integration-client", "password"', f'"integration-client", "{PASSWORD}"'),
            ("/path/to/ca.crt", str(certificates.ca_file)),
            ("/path/to/client.crt", str(client.certificate_file)),
            ("/path/to/client.key", str(client.key_file)),
        )
        printed = io.StringIO()
        names = {"json": json, "__name__": "example"}
        with contextlib.redirect_stdout(printed):
            example = threading.Thread(target=exec, args=(text, names), daemon=True)
            example.start()
            wait_for(lambda: "Connected with result code 0" in printed.getvalue(), "CONNACK")
            machine = self.client(gateway, "machine", user="machine", password=PASSWORD)
            # SUBACK is not printed: publish until the example has its subscription.
            sequence = iter(range(1, 1000))

            def delivered():
                machine.publish("modax/sensor/data/cnc-01", reading("cnc-01", next(sequence)), 1)
                return "Topic: modax/sensor/data/cnc-01" in printed.getvalue()

            wait_for(delivered, "the example prints a reading", 15, 0.1)
            wait_for(lambda: "Payload: " in printed.getvalue(), "the payload")
            names["client"].disconnect()
            example.join(10)
        self.assertFalse(example.is_alive())
        payload = json.loads(re.search(r"Topic: modax/sensor/data/cnc-01\s+Payload: (\{.*\})", printed.getvalue()).group(1))
        self.assertEqual(payload["device_id"], "cnc-01")
        self.assertTrue({"is_safe", "spindle_speed", "timestamp", "temperature"} <= payload.keys())

    def test_without_a_client_certificate_it_is_refused(self):
        certificates = Certificates(self.directory / "tls")
        server = certificates.server
        gateway = self.gateway(settings={
            "mqtts.enabled": "true", "mqtts.bind": "127.0.0.1", "mqtts.port": "0",
            "tls.certificate_file": server.certificate_file, "tls.key_file": server.key_file,
            "tls.client_ca_file": certificates.ca_file, "tls.require_client_certificate": "true",
        })
        expired = certificates.expired_client("integration-client")
        for extra in ((), ("--cert", expired.certificate_file, "--key", expired.key_file)):
            with self.subTest(certificate="expired" if extra else "none"):
                report = Flood(
                    "publish", "--port", gateway.mqtts_port, "--host", "localhost", "--tls",
                    "--ca", certificates.ca_file, "--count", 1, "--limit", 10, *extra,
                ).result(check=False)
                self.assertEqual(report["exit"], 3)
                self.assertEqual(report["acknowledged"], 0)


class RestClientExample(GatewayCase):
    def test_get_device_status_as_written(self):
        gateway = self.gateway()
        self.client(gateway).publish(
            "modax/sensor/data/cnc-machine-01", reading("cnc-machine-01", 1, temperature=45.5), 1
        )
        text = replaced(
            (HERE / "rest_api_client_example.py.txt").read_text(encoding="utf-8"),
            ("https://api.modax.example.com", gateway.endpoints["http"].rstrip("/")),
            ("your-api-key", gateway.admin_key),
        )
        names = {"requests": requests, "__name__": "example"}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(text, names)  # the printed code is what is tested
        self.assertTrue(printed.getvalue().startswith("Temperature: 45.5"), printed.getvalue())
        status = names["client"].get_device_status("cnc-machine-01")
        self.assertEqual((status["device_id"], status["temperature"]), ("cnc-machine-01", 45.5))


class SapIntegrationExample(GatewayCase):
    def test_sync_production_data_as_written(self):
        taken = []

        class Sap(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taken.append((self.path, self.headers["Authorization"], json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        sap = http.server.HTTPServer(("127.0.0.1", 0), Sap)
        serving = threading.Thread(target=sap.serve_forever, daemon=True)
        serving.start()
        self.addCleanup(serving.join)
        self.addCleanup(sap.server_close)
        self.addCleanup(sap.shutdown)
        gateway = self.gateway()
        self.client(gateway).publish(
            "modax/sensor/data/cnc-machine-01", reading("cnc-machine-01", 1), 1
        )
        self.wait_for_readings(gateway, "cnc-machine-01", 1)
        self.assertEqual(post(gateway, f"{ORDERS}/1000815/complete", COMPLETION).status_code, 200)
        text = (HERE / "sap_integration_example.py.txt").read_text(encoding="utf-8")
        names = {"__name__": "example"}
        exec(text, names)  # the printed code is what is tested
        example = names["SAPIntegration"](
            gateway.endpoints["http"].rstrip("/"), f"http://127.0.0.1:{sap.server_port}", gateway.admin_key
        )
        self.assertTrue(example.sync_production_data("cnc-machine-01"))
        login = "Basic " + base64.b64encode(b"user:password").decode()
        booked = {"AUFNR": "1000815", "GMNGA": 100, "AUSSS": 2, "BUDAT": "2025-12-09"}
        self.assertEqual(taken, [("/api/production/confirmation", login, booked)])
