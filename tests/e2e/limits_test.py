"""What one client may do at most, over HTTP and MQTT (PROMISES 3.4)."""
import time
import unittest

from gateway_case import GatewayCase, reading, stored_sequences
from modax_test.paho_client import MQTTv5, PahoClient
from modax_test.tools import run
from modax_test.waiting import wait_for

RATE = 50
COUNT = 150


class Requests(GatewayCase):
    settings = {"http.max_requests_per_key": "5"}

    def test_a_key_is_told_its_limit_and_when_to_come_back(self):
        gateway = self.gateway()
        answers = [gateway.get("/api/v1/devices") for _ in range(6)]
        self.assertEqual([each.status_code for each in answers], [200] * 5 + [429])
        self.assertEqual(answers[0].headers["RateLimit-Policy"], '"key";q=5;w=60')
        self.assertTrue(answers[0].headers["RateLimit"].startswith('"key";r=4;t='))
        self.assertEqual(answers[5].headers["Content-Type"], "application/problem+json")
        self.assertIn(int(answers[5].headers["Retry-After"]), range(1, 13))
        self.assertEqual(gateway.get("/health", key="").status_code, 200)


class Messages(GatewayCase):
    settings = {"mqtt.max_publish_rate": str(RATE)}

    def test_a_version_5_client_is_told_and_nothing_it_was_promised_is_lost(self):
        gateway = self.gateway()
        client = PahoClient(gateway.mqtt_port, "fast-5", protocol=MQTTv5)
        self.addCleanup(client.close)
        reasons = {}
        # paho does not tell the reason of a PUBACK: taken from the packet itself.
        inner = client.client._handle_pubackcomp

        def handle(command):
            packet = bytes(client.client._in_packet["packet"])
            reasons[int.from_bytes(packet[:2], "big")] = packet[2] if len(packet) > 2 else 0
            return inner(command)

        client.client._handle_pubackcomp = handle
        client.connect()
        sent = {}
        for sequence in range(COUNT):
            payload = reading("cnc-01", sequence)
            sent[client.client.publish("modax/sensor/data/cnc-01", payload, 1).mid] = sequence
        wait_for(lambda: len(reasons) == COUNT, "every PUBACK", 30)
        taken = {sent[mid] for mid, reason in reasons.items() if reason < 0x80}
        refused = {sent[mid] for mid, reason in reasons.items() if reason == 0x97}
        self.assertEqual(len(taken) + len(refused), COUNT, reasons)
        self.assertGreaterEqual(len(taken), RATE)
        self.assertGreater(len(refused), 0)
        self.assertEqual(set(stored_sequences(gateway, "cnc-01")), taken)
        self.assertEqual(
            gateway.metrics().total("modax_mqtt_over_quota_total"), len(refused)
        )

    def test_a_version_3_client_is_read_more_slowly(self):
        gateway = self.gateway()
        client = self.client(gateway, "fast-3")
        begun = time.monotonic()
        for sequence in range(COUNT):
            client.client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
        self.wait_for_readings(gateway, "cnc-01", COUNT, 30)
        self.assertGreater(
            time.monotonic() - begun, (COUNT - RATE) / RATE * 0.9, "not held back"
        )
        self.assertEqual(set(stored_sequences(gateway, "cnc-01")), set(range(COUNT)))


class Logins(GatewayCase):
    settings = {"mqtt.max_refused_logins_per_address": "3"}

    def test_who_tries_many_passwords_is_not_listened_to(self):
        gateway = self.gateway(anonymous=False)
        run(gateway.program, "user", "set", "scada", "--role", "scada", "--data-dir", gateway.data, input="a right password\n")
        answers = []
        for password in ["wrong"] * 4 + ["a right password"]:
            client = PahoClient(gateway.mqtt_port, "guess", protocol=MQTTv5, user="scada",
                                password=password)
            self.addCleanup(client.close)
            answers.append(client.connect()[1])
            client.close()
        self.assertEqual([reason_value(each) for each in answers], [0x86] * 3 + [0x97] * 2)
        refused = gateway.json("/api/v1/audit", result="refused", action="session.open")["rows"]
        self.assertEqual({each["actor"] for each in refused}, {"anonymous"})
        self.assertIn("it called itself scada", refused[-1]["detail"])


def reason_value(reason):
    return reason if isinstance(reason, int) else reason.value


if __name__ == "__main__":
    unittest.main()
