"""The accounting identity against a publisher's ledger, and what goes to quarantine."""
import json

from gateway_case import GatewayCase, at_rest, identity, reading, stored_sequences
from modax_test.flood import publish
from modax_test.ledger import read_ledger

# payload, and whether a later good reading must still be taken (it always must)
POISON = {
    "empty": b"",
    "not JSON": b"hello",
    "cut JSON": b'{"temperature": 4',
    "not UTF-8": b'{"temperature": 4, "note": "\xff\xfe"}',
    "array": b"[1,2,3]",
    "number": b"42",
    "null": b"null",
    "NaN": b'{"temperature": NaN}',
    "infinite": b'{"temperature": 1e999}',
    "text where a number belongs": b'{"temperature": "hot"}',
    "text where a boolean belongs": b'{"temperature": 1, "is_safe": "yes"}',
    "another device": b'{"device_id": "other", "temperature": 1}',
    "bad time": b'{"timestamp": "yesterday", "temperature": 1}',
    "far future": b'{"timestamp": "2190-01-01T00:00:00Z", "temperature": 1}',
    "negative sequence": b'{"seq": -1, "temperature": 1}',
    "deep": b'{"a":' * 200 + b"1" + b"}" * 200,
    "too large": b'{"note": "' + b"x" * 70_000 + b'"}',
    "binary": bytes(range(256)),
}


class Identity(GatewayCase):
    def test_figures_equal_the_ledger_at_rest(self):
        gateway = self.gateway()
        ledger = self.directory / "ledger"
        report = publish(
            gateway.mqtt_port, qos=1, connections=8, count=40_000, ledger=ledger
        ).result()
        acknowledged = read_ledger(ledger)
        self.assertEqual(sum(map(len, acknowledged.values())), 40_000)
        figures = at_rest(gateway, 40_000)
        self.assertEqual(
            figures,
            {"received": 40_000, "stored": 40_000, "duplicate": 0, "quarantined": 0, "dropped": 0,
             "pending": 0},
        )
        for device, sequences in acknowledged.items():
            stored = stored_sequences(gateway, device)
            self.assertEqual(set(stored), sequences)
            self.assertEqual(set(stored.values()), {1})
        self.assertEqual(gateway.stored_count(), report["acknowledged"])

    def test_duplicates_are_counted_and_stored_once(self):
        gateway = self.gateway()
        client = self.client(gateway)
        payload = reading("cnc-01", 7)
        without_sequence = json.dumps({"timestamp": "2026-01-05T10:00:00Z", "temperature": 5}).encode()
        for _ in range(5):
            client.publish("modax/sensor/data/cnc-01", payload, 1)
            client.publish("modax/sensor/data/cnc-02", without_sequence, 1)
        figures = at_rest(gateway, 10)
        self.assertEqual((figures["stored"], figures["duplicate"]), (2, 8))
        self.assertEqual(stored_sequences(gateway, "cnc-01"), {7: 1})

    def test_qos0_is_received_or_dropped_by_name(self):
        gateway = self.gateway()
        report = publish(gateway.mqtt_port, qos=0, connections=4, count=100_000).result()
        figures = at_rest(gateway, 100_000)
        self.assertEqual(figures["received"], report["sent"])
        self.assertEqual(figures["received"], figures["stored"] + figures["dropped"])
        self.assertEqual(gateway.stored_count(), figures["stored"])


class Quarantine(GatewayCase):
    def test_poison_is_kept_and_the_stream_goes_on(self):
        gateway = self.gateway()
        client = self.client(gateway)
        for number, (name, payload) in enumerate(POISON.items()):
            with self.subTest(name=name):
                client.publish("modax/sensor/data/cnc-01", payload, 1)
                client.publish("modax/sensor/data/cnc-01", reading("cnc-01", number), 1)
        figures = at_rest(gateway, 2 * len(POISON))
        self.assertEqual(
            (figures["quarantined"], figures["stored"]), (len(POISON), len(POISON))
        )
        kept = gateway.json("/api/v1/quarantine", limit=100)["messages"]
        self.assertEqual(len(kept), len(POISON))
        self.assertTrue(all(message["reason"] and message["detail"] for message in kept))
        self.assertEqual({message["topic"] for message in kept}, {"modax/sensor/data/cnc-01"})
        self.assertEqual(len(stored_sequences(gateway, "cnc-01")), len(POISON))

    def test_unknown_devices_are_quarantined_when_registration_is_off(self):
        gateway = self.gateway(settings={"ingest.auto_register": "false"})
        self.client(gateway).publish("modax/sensor/data/cnc-01", reading("cnc-01", 1), 1)
        self.assertEqual(at_rest(gateway, 1)["quarantined"], 1)
        self.assertEqual(gateway.json("/api/v1/devices")["devices"], [])
        self.assertEqual(identity(gateway.metrics())["stored"], 0)
