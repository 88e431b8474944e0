"""What the end-to-end cases share: a real gateway with its own data directory, and readings."""
import collections
import datetime
import json
import pathlib
import shutil
import tempfile
import unittest

from modax_test.gateway import Gateway
from modax_test.paho_client import PahoClient
from modax_test.waiting import wait_for

PAGE = 50_000


class GatewayCase(unittest.TestCase):
    """`settings` of the class go to every gateway it starts."""

    settings = {}

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="modax-e2e-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def gateway(self, start=True, name="gateway", **options):
        gateway = Gateway(
            self.directory / name, {**self.settings, **options.pop("settings", {})}, **options
        )
        self.addCleanup(gateway.kill)
        return gateway.start() if start else gateway

    def client(self, gateway, name="client", **options):
        client = PahoClient(gateway.mqtt_port, name, **options)
        self.addCleanup(client.close)
        client.connect()
        return client

    def wait_for_readings(self, gateway, device, count, timeout=20):
        """All stored readings of a device, as soon as there are so many."""

        def enough():
            found = list(history(gateway, device))
            return found if len(found) >= count else None

        return wait_for(enough, f"{count} readings of {device}", timeout, 0.05)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def reading(device, sequence, **values):
    """A flat reading as bytes."""
    return json.dumps({
        "device_id": device, "timestamp": now().isoformat(), "seq": sequence,
        "temperature": 40 + sequence % 10, "is_safe": True, **values,
    }).encode()


def history(gateway, device, start=None, **parameters):
    """Every stored reading of a device over REST, page by page."""
    parameters = {
        "start": start or "2000-01-01T00:00:00Z",
        "end": (now() + datetime.timedelta(days=2)).isoformat().replace("+00:00", "Z"),
        "limit": PAGE,
        **parameters,
    }
    while True:
        answer = gateway.get(f"/api/v1/devices/{device}/history", params=parameters)
        if answer.status_code == 404:
            return
        answer.raise_for_status()
        page = answer.json()
        yield from page["readings"]
        if not page["next_cursor"]:
            return
        parameters["cursor"] = page["next_cursor"]


def stored_sequences(gateway, device, start=None):
    """How often each sequence number of a device is stored."""
    return collections.Counter(each["seq"] for each in history(gateway, device, start))


def identity(metrics):
    """The figures of received = stored + duplicate + quarantined + dropped."""
    figures = {
        name: metrics.total(f"modax_ingest_{name}_total") or 0
        for name in ("received", "stored", "duplicate", "quarantined", "dropped")
    }
    figures["pending"] = metrics.total("modax_ingest_pending") or 0
    return figures


def at_rest(gateway, received, timeout=60):
    """The identity as soon as so many messages are received and none is pending."""

    def settled():
        figures = identity(gateway.metrics())
        done = figures["received"] >= received and figures["pending"] == 0
        return figures if done else None

    return wait_for(settled, f"{received} messages received, none pending", timeout, 0.1)
