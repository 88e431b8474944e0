"""The broker under test and what every case needs. MODAX_TEST_BROKER chooses: `modax` or
`mosquitto`, the reference that shows that a case asks for what the standard asks for."""
import itertools
import os
import pathlib
import shutil
import tempfile
import unittest

from modax_test.gateway import Gateway, port_of
from modax_test.mosquitto import Mosquitto
from modax_test.raw_mqtt import RawClient

BROKER = os.environ.get("MODAX_TEST_BROKER", "modax")
# Readings have their own rules; the cases stay beside them.
GATEWAY_SETTINGS = {
    "mqtt.allow_top_level_wildcard": "true",
    "mqtt.ws_enabled": "true",
    "mqtt.ws_port": "0",
    "mqtt.max_inflight": "20",
    "mqtt.topic_alias_maximum": "10",
    "mqtt.receive_maximum": "600",
}


def start_broker(directory):
    """A broker with open access from the loopback; `.mqtt_port` and `.ws_port` say where."""
    if BROKER == "mosquitto":
        broker = Mosquitto(directory, max_inflight_messages=20, max_keepalive=60).start()
        broker.mqtt_port = broker.port
        return broker
    if BROKER != "modax":
        raise AssertionError(f"MODAX_TEST_BROKER={BROKER}: modax or mosquitto")
    broker = Gateway(directory, GATEWAY_SETTINGS).start()
    broker.ws_port = port_of(broker.endpoints["mqtt_ws"]) if "mqtt_ws" in broker.endpoints else None
    return broker


class BrokerCase(unittest.TestCase):
    """One broker for the class; client ids and topics of its own for each case."""

    _numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="modax-interop-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.broker = start_broker(cls.directory)
        cls.addClassCleanup(cls.broker.kill)

    def setUp(self):
        self.root = f"case{next(self._numbers)}"

    def tearDown(self):
        self.assertTrue(self.broker.running, "the broker must survive every case")

    def topic(self, name):
        return f"{self.root}/{name}"

    def client_id(self, name):
        return f"{self.root}-{name}"

    def raw(self, version, client_id=None, **options):
        """A raw client; connected unless `client_id` is None."""
        client = RawClient(self.broker.mqtt_port, version)
        self.addCleanup(client.close)
        if client_id is not None:
            connack = client.connect(self.client_id(client_id), **options)
            self.assertEqual(connack.reason, 0)
        return client

    def explained(self, broker, reason):
        """Skips on a broker that is known to do otherwise."""
        if BROKER == broker:
            self.skipTest(f"{broker}: {reason}")
