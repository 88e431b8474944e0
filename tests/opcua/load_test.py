"""open62541's own client, in C++: the same reads and subscriptions as node-opcua's; and clients that
stall, or come and go without end."""
import unittest

from modax_test.flood import publish
from modax_test.opcua_load import OpcUaLoad, der
from modax_test.tools import SANITIZED
from modax_test.waiting import wait_for
from opcua_peer import PASSWORD, OpcUaCase

SOON = 20
DEVICES = 50
# As many connections as a client makes in an hour that connects anew every few seconds.
ROUNDS = 60 if SANITIZED else 240
MEMBERS = "Temperature,Current,Vibration,SpindleSpeed,Power"


class CppClient(OpcUaCase):
    def setUp(self):
        super().setUp()
        certificate, key = self.certificate
        self.trust(certificate)
        files = der(certificate, key)
        self.target = {"url": self.gateway.endpoints["opcua"], "certificate": files[0], "key": files[1],
                       "user": "factorytalk", "password": PASSWORD, "devices": DEVICES}
        publish(self.gateway.mqtt_port, qos=1, connections=1, devices=DEVICES, count=DEVICES).result()
        wait_for(lambda: (self.gateway.metrics().total("modax_opcua_value_nodes") or 0) >= DEVICES * 12,
                 "the variables", SOON)
        wait_for(self.comes_in, "the certificate to be trusted", SOON)

    def load(self, command, **options):
        load = OpcUaLoad(command, **{**self.target, **options})
        self.addCleanup(load.kill)
        return load

    def comes_in(self):
        try:
            return self.load("read", seconds=0.01).result()["values"] > 0
        except AssertionError:
            return False

    def memory(self):
        return self.gateway.metrics().total("process_resident_memory_bytes")

    def change(self, count):
        return publish(self.gateway.mqtt_port, qos=1, connections=1, devices=DEVICES, count=count,
                       first_sequence=2_000_000_000)

    def test_reads_what_was_published(self):
        self.publish("flood-00000", temperature=1234.5)
        wait_for(lambda: self.load("read", seconds=0.01).result()["first"] == 1234.5,
                 "the published value", SOON)
        self.assertEqual(self.load("read", seconds=0.2).result()["bad"], 0)

    def test_gets_every_change_it_subscribed_to(self):
        load = self.load("subscribe", members=MEMBERS, interval=50, queue=100, seconds=6)
        load.wait_ready()
        self.change(DEVICES * 10).result()
        self.publish("flood-00000", temperature=-7.25, timestamp="2099-01-01T00:00:00Z")
        self.publish("flood-00000", temperature=-7.25)
        report = load.result()
        self.assertEqual(report["items"], DEVICES * 5)
        self.assertEqual(report["bad"], 0)
        # The newest value of each node between two writes is what counts.
        self.assertGreaterEqual(report["notifications"], DEVICES * 5)

    def test_a_client_that_stalls_disturbs_nobody(self):
        stalled = [self.load("subscribe", members=MEMBERS, interval=10, queue=1000, seconds=60, stall=True)
                   for _ in range(3)]
        for each in stalled:
            each.wait_ready()
        good = self.load("subscribe", members=MEMBERS, interval=50, seconds=8)
        good.wait_ready()
        before = self.memory()
        with publish(self.gateway.mqtt_port, qos=1, connections=2, devices=DEVICES, rate=2000,
                     count=12_000, first_sequence=3_000_000_000) as flood:
            report = good.result()
            self.assertEqual(flood.result()["acknowledged"], 12_000)
        self.assertGreater(report["notifications"], DEVICES * 5)
        self.assertLess(self.memory() - before, 64 * 2**20)

    def test_coming_and_going_leaks_nothing(self):
        def settled():
            return self.gateway.metrics().total("modax_opcua_sessions") == 0

        self.load("sessions", count=ROUNDS // 3).result()
        wait_for(settled, "the sessions to end", SOON)
        before = self.memory()
        report = self.load("sessions", count=ROUNDS).result()
        self.assertEqual(report["refused"], 0)
        wait_for(settled, "the sessions to end", SOON)
        grown = self.memory() - before
        self.assertLess(grown, 8 * 2**20, f"{grown} bytes after {ROUNDS} sessions")


if __name__ == "__main__":
    unittest.main()
