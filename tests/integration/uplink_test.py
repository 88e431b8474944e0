"""Promise P2: readings from a real Mosquitto, through faults, are stored; what the broker still
holds is not lost."""
import json
import pathlib
import shutil
import tempfile
import unittest

from modax_test.certificates import Certificates
from modax_test.flood import publish
from modax_test.gateway import Gateway
from modax_test.ledger import read_ledger
from modax_test.mosquitto import Mosquitto
from modax_test.paho_client import PahoClient
from modax_test.tcp_proxy import TcpProxy
from modax_test.waiting import wait_for

USERS = {"gateway": "gateway password 1", "machine": "machine password 1"}


class Uplink(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="modax-uplink-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.secret = self.directory / "secret"
        self.secret.write_text(USERS["gateway"])
        self.secret.chmod(0o600)

    def mosquitto(self, **options):
        # Keeps what it has acknowledged over a clean stop, and queues without a limit.
        storage = self.directory / "mosquitto"
        options.setdefault("users", USERS)
        broker = Mosquitto(
            storage, persistence="true", persistence_location=f"{storage}/",
            max_queued_messages=0, **options,
        )
        self.addCleanup(broker.kill)
        return broker.start()

    def gateway(self, port, **settings):
        gateway = Gateway(self.directory / "gateway", {
            "uplink.enabled": "true", "uplink.host": "localhost", "uplink.port": port,
            "uplink.tls": "false", "uplink.user": "gateway",
            "uplink.password": f"file:{self.secret}", "uplink.keep_alive": "2s",
            **{f"uplink.{name}": value for name, value in settings.items()},
        })
        self.addCleanup(gateway.kill)
        return gateway.start()

    def publish(self, broker, count, **options):
        """All of it is acknowledged by Mosquitto; its ledger."""
        ledger = self.directory / "ledger"
        publish(
            broker.port, user="machine", password=USERS["machine"], qos=1, count=count,
            connections=2, ledger=ledger, **options,
        ).result()
        return read_ledger(ledger)

    def wait_connected(self, gateway):
        """Until the gateway takes what is published at the broker."""
        wait_for(
            lambda: any(part["part"] == "uplink" and part["ready"]
                        for part in gateway.get("/ready", key="").json()["parts"]),
            "the uplink is connected", 20, 0.1,
        )

    def wait_stored(self, gateway, ledger, timeout=60):
        count = sum(map(len, ledger.values()))
        wait_for(lambda: gateway.stored_count() >= count, f"{count} readings stored", timeout, 0.2)
        self.assertEqual(gateway.stored_count(), count, "each of them once")

    def test_readings_are_stored(self):
        broker = self.mosquitto()
        gateway = self.gateway(broker.port)
        self.wait_connected(gateway)
        self.wait_stored(gateway, self.publish(broker, 10_000))

    def test_tls_and_shared_subscription(self):
        certificates = Certificates(self.directory / "tls")
        broker = self.mosquitto(certificates=certificates)
        gateway = self.gateway(
            broker.tls_port, tls="true", ca_file=certificates.ca_file, share_group="gateways"
        )
        self.wait_connected(gateway)
        self.wait_stored(gateway, self.publish(broker, 2_000))

    def test_broker_stopped_and_started(self):
        broker = self.mosquitto()
        gateway = self.gateway(broker.port)
        self.wait_connected(gateway)
        first = self.publish(broker, 2_000)
        self.wait_stored(gateway, first)
        broker.stop()
        wait_for(lambda: gateway.get("/ready", key="").status_code == 503, "not ready", 15, 0.1)
        broker.start()
        self.wait_connected(gateway)
        self.wait_stored(gateway, self.publish(broker, 2_000, first_sequence=2_000_000_000))

    def test_broker_killed_under_load(self):
        broker = self.mosquitto()
        gateway = self.gateway(broker.port)
        self.wait_connected(gateway)
        flood = publish(
            broker.port, user="machine", password=USERS["machine"], qos=1, count=30_000, rate=5000,
            connections=2, reconnect=60,
        )
        self.addCleanup(flood.kill)
        wait_for(lambda: gateway.stored_count() > 3000, "readings flow", 20, 0.1)
        broker.kill()
        broker.start()
        flood.result()
        self.wait_connected(gateway)
        # What Mosquitto lost from its memory is its own loss; what comes afterwards must flow.
        after = self.publish(broker, 1000, first_sequence=5_000_000_000)
        wait_for(
            lambda: gateway.query(
                "SELECT count(*) FROM sensor_data WHERE device_id = 'flood-00000'")[0][0] > 0
            and gateway.get("/api/v1/devices/flood-00000/data").json()["seq"]
            == max(after["flood-00000"]),
            "the readings after the restart", 30, 0.2,
        )

    def test_gateway_killed_while_the_broker_goes_on(self):
        broker = self.mosquitto()
        gateway = self.gateway(broker.port)
        self.wait_connected(gateway)
        gateway.kill()
        ledger = self.publish(broker, 5_000)
        gateway.start()
        self.wait_stored(gateway, ledger)

    def test_line_reset_many_times(self):
        broker = self.mosquitto()
        with TcpProxy(broker.port) as proxy:
            gateway = self.gateway(proxy.port)
            self.wait_connected(gateway)
            flood = publish(
                broker.port, user="machine", password=USERS["machine"], qos=1, count=30_000,
                rate=6000, connections=2, ledger=self.directory / "ledger",
            )
            self.addCleanup(flood.kill)
            for _ in range(5):
                seen = gateway.stored_count()
                wait_for(lambda seen=seen: gateway.stored_count() > seen + 200 or not flood.running,
                         "readings flow", 30, 0.05)
                proxy.reset_connections()
            flood.result()
            self.wait_stored(gateway, read_ledger(self.directory / "ledger"))

    def test_dead_line_is_noticed(self):
        broker = self.mosquitto()
        with TcpProxy(broker.port) as proxy:
            gateway = self.gateway(proxy.port)
            self.wait_connected(gateway)
            proxy.black_hole = True
            wait_for(lambda: gateway.get("/ready", key="").status_code == 503,
                     "the dead line is noticed by its keep-alive", 15, 0.1)
            proxy.black_hole = False
            proxy.reset_connections()
            self.wait_connected(gateway)
            self.wait_stored(gateway, self.publish(broker, 500))

    def test_wrong_password_is_said(self):
        broker = self.mosquitto()
        self.secret.write_text("wrong")
        gateway = self.gateway(broker.port)
        parts = wait_for(
            lambda: [part for part in gateway.get("/ready", key="").json()["parts"]
                     if part["part"] == "uplink" and part["detail"]],
            "the uplink says what is wrong", 15, 0.1,
        )
        self.assertFalse(parts[0]["ready"])
        self.assertNotIn("wrong", json.dumps(parts).replace("what is wrong", ""))

    def test_subscribers_of_the_gateway_get_what_comes_from_the_broker(self):
        broker = self.mosquitto()
        gateway = self.gateway(broker.port)
        self.wait_connected(gateway)
        with PahoClient(gateway.mqtt_port, "scada") as subscriber:
            subscriber.connect()
            subscriber.subscribe("modax/sensor/data/+", 1)
            self.publish(broker, 10)
            messages = subscriber.wait_for_messages(10)
        self.assertEqual(json.loads(messages[0].payload)["temperature"] >= 40, True)
