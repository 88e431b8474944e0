"""What a restart keeps: readings, sessions, retained messages, keys; and one gateway to a folder."""
import time

from gateway_case import GatewayCase, reading, stored_sequences
from modax_test import raw_mqtt as mqtt
from modax_test.raw_mqtt import RawClient
from modax_test.tools import run


class Restart(GatewayCase):
    def restarts(self):
        """Both ways to go: a clean stop, and kill -9."""
        for way in ("stop", "kill"):
            with self.subTest(way=way):
                gateway = self.gateway(name=way)
                yield gateway, lambda gateway=gateway, way=way: (getattr(gateway, way)(), gateway.start())

    def raw(self, gateway, version, client_id, **options):
        client = RawClient(gateway.mqtt_port, version)
        self.addCleanup(client.close)
        return client, client.connect(client_id, **options)

    def test_readings_and_key(self):
        for gateway, restart in self.restarts():
            client = self.client(gateway)
            for sequence in range(50):
                client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
            key = gateway.admin_key
            client.close()
            restart()
            self.assertEqual(gateway.get("/api/v1/devices", key=key).status_code, 200)
            self.assertEqual(len(stored_sequences(gateway, "cnc-01")), 50)
            self.assertEqual(gateway.json("/api/v1/devices/cnc-01/data")["seq"], 49)
            self.assertEqual(gateway.json("/api/v1/devices")["devices"][0]["id"], "cnc-01")

    def test_persistent_session_with_waiting_messages(self):
        for version in (4, 5):
            options = {"session_expiry_interval": 600} if version == 5 else {}
            for gateway, restart in self.restarts():
                client, _ = self.raw(gateway, version, "subscriber", clean=False, **options)
                client.subscribe("plant/#", 1)
                client.disconnect()
                publisher = self.client(gateway, "publisher")
                publisher.publish("plant/a", b"before", 1)
                publisher.close()
                restart()
                publisher = self.client(gateway, "publisher")
                publisher.publish("plant/a", b"after", 1)
                publisher.close()
                client, connack = self.raw(gateway, version, "subscriber", clean=False, **options)
                self.assertTrue(connack.session_present)
                got = [client.expect(mqtt.PUBLISH).payload for _ in range(2)]
                self.assertEqual(got, [b"before", b"after"])
                client.close()
                gateway.stop()
                gateway.data.rename(gateway.data.with_name(f"data-{version}"))

    def test_retained_messages(self):
        for gateway, restart in self.restarts():
            publisher = self.client(gateway, "publisher")
            publisher.publish("plant/a", b"kept", 1, retain=True)
            publisher.publish("plant/b", b"cleared", 1, retain=True)
            publisher.publish("plant/b", b"", 1, retain=True)
            publisher.close()
            restart()
            client, _ = self.raw(gateway, 4, "reader")
            client.send(mqtt.subscribe(1, ("plant/#", 1)))
            packets = client.receive_all(0.7)
            self.assertEqual(
                [(p.topic, p.payload, p.retain) for p in packets if p.kind == mqtt.PUBLISH],
                [("plant/a", b"kept", True)],
            )

    def test_qos2_publish_over_a_restart_is_stored_once(self):
        for gateway, restart in self.restarts():
            payload = reading("cnc-01", 1)
            client, _ = self.raw(gateway, 4, "machine", clean=False)
            client.publish("modax/sensor/data/cnc-01", payload, 2, 9)
            self.assertEqual(client.expect(mqtt.PUBREC).packet_id, 9)
            client.close()
            restart()
            client, connack = self.raw(gateway, 4, "machine", clean=False)
            self.assertTrue(connack.session_present)
            client.publish("modax/sensor/data/cnc-01", payload, 2, 9, duplicate=True)
            client.expect(mqtt.PUBREC)
            client.send(mqtt.acknowledge(mqtt.PUBREL, 9))
            self.assertEqual(client.expect(mqtt.PUBCOMP).packet_id, 9)
            self.assertEqual(stored_sequences(gateway, "cnc-01"), {1: 1})

    def test_clean_stop_removes_endpoints(self):
        gateway = self.gateway()
        self.assertEqual(gateway.endpoints["pid"], gateway.pid)
        self.assertEqual(gateway.stop(), 0)
        self.assertFalse(gateway.endpoints_file.exists())


class OneGatewayToAFolder(GatewayCase):
    def test_the_second_is_refused(self):
        gateway = self.gateway()
        started = time.monotonic()
        second = run(
            gateway.program, "serve", "--data-dir", gateway.data, "--set", "http.port=0",
            "--set", "mqtt.port=0", check=False, timeout=20,
        )
        self.assertNotEqual(second.returncode, 0)
        self.assertLess(time.monotonic() - started, 15)
        self.assertIn(str(gateway.data), second.stdout + second.stderr)
        self.assertTrue(gateway.is_ready())
        self.assertTrue(gateway.endpoints_file.exists(), "the first one's file must stay")
