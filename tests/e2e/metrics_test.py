"""/metrics, what is written about it, and what watches it: docs/reference/metrics.md lists every
metric, and dashboard and alerts name none that is not served."""
import json
import os
import pathlib
import re
import shutil

import requests
from gateway_case import GatewayCase
from modax_test.certificates import Certificates
from modax_test.waiting import wait_for

SOURCE = pathlib.Path(os.environ.get("MODAX_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
REFERENCE = SOURCE / "docs/reference/metrics.md"
ALERTS = SOURCE / "packaging/prometheus/modax-alerts.yaml"
DASHBOARD = SOURCE / "packaging/grafana/modax-gateway.json"
FIX = "MODAX_FIX_METRICS=1 ./dev test --filter e2e.metrics"
HEAD = """# Metrics

Everything `/metrics` serves; written by a test from a running gateway. Gauges tell what is now, counters only rise.

| metric | kind | meaning |
| --- | --- | --- |
"""
NAME = re.compile(r"\b(?:modax|process)_[a-z0-9_]+")


class Metrics(GatewayCase):
    def busy_gateway(self):
        """One of which every part has something to tell."""
        server = Certificates(self.directory / "pki").server
        connectors = self.directory / "connectors"
        connectors.mkdir()
        shutil.copy(SOURCE / "connectors/cloudevents-webhook.toml", connectors)
        gateway = self.gateway(
            settings={
                "https.enabled": "true", "https.bind": "127.0.0.1", "https.port": "0",
                "tls.certificate_file": str(server.certificate_file), "tls.key_file": str(server.key_file),
                "connectors.directory": str(connectors),
            },
            environment={"MODAX_WEBHOOK_SECRET": "x" * 32},
        )
        client = self.client(gateway)
        client.publish("modax/sensor/data/cnc-01", b'{"temperature": 20}', 1)
        self.assertEqual(gateway.get("/api/v1/devices", key="wrong").status_code, 401)
        done = requests.post(
            gateway.endpoints["http"] + "/api/v1/production/orders/4711/complete", timeout=10,
            headers={"X-API-Key": gateway.admin_key}, json={"quantity_produced": 1},
        )
        done.raise_for_status()
        return gateway

    def served(self):
        """{name: (kind, help)} once each part has told of itself."""
        gateway = self.busy_gateway()

        def complete():
            text = gateway.get("/metrics").text
            needed = ("modax_outbox_depth", "modax_delivery_calls_total", "modax_tls_certificate",
                      "modax_http_request_seconds_total")
            return text if all(name in text for name in needed) else None

        text = wait_for(complete, "figures of every part", 30, 0.2)
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
        self.assertEqual(set(kinds), set(helps))
        return {name: (kinds[name], helps[name]) for name in kinds}

    def test_reference_dashboard_and_alerts(self):
        served = self.served()
        rows = [f"| `{name}` | {kind} | {meaning.rstrip('.')} |" for name, (kind, meaning) in sorted(served.items())]
        document = HEAD + "\n".join(rows) + "\n"
        if os.environ.get("MODAX_FIX_METRICS"):
            REFERENCE.write_text(document)
        self.assertEqual(REFERENCE.read_text(), document, f"write it anew: {FIX}")
        dashboard = json.loads(DASHBOARD.read_text())
        expressions = " ".join(
            target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []))
        self.assertGreater(len(NAME.findall(expressions)), 20)
        self.assertLessEqual(set(NAME.findall(expressions)), set(served))
        alerts = ALERTS.read_text()
        self.assertLessEqual(
            set(NAME.findall("\n".join(re.findall(r"expr:(?: >\s+)?(.*)", alerts)))), set(served))
        for rule in alerts.split("- alert:")[1:]:
            for part in ("expr:", "severity:", "summary:", "action:"):
                self.assertIn(part, rule)
