"""Promise P6: the live stream, slow clients beside good ones, and resuming after a restart."""
import contextlib
import json
import unittest

from gateway_case import GatewayCase, at_rest, reading
from modax_test.flood import drain_websocket, publish
from modax_test.tools import SANITIZED
from modax_test.waiting import wait_for

try:
    import websocket
except ImportError:
    raise unittest.SkipTest("python3-websocket is not installed") from None

SOFT_LIMIT = 2**20
SECONDS = 60 if SANITIZED else 10


class Live(GatewayCase):
    def connect(self, gateway, path="/ws", key=None):
        url = f"ws://127.0.0.1:{gateway.http_port}{path}"
        live = websocket.create_connection(
            url, timeout=10, header=[f"X-API-Key: {key or gateway.admin_key}"]
        )
        self.addCleanup(live.close)
        return live

    def receive(self, live, count, timeout=15):
        """So many events: {"seq": number in the stream, "type", "device_id", "data"}."""
        live.settimeout(timeout)
        return [json.loads(live.recv()) for _ in range(count)]

    def test_readings_arrive_in_order(self):
        gateway = self.gateway()
        live = self.connect(gateway)
        client = self.client(gateway)
        for sequence in range(100):
            client.client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
        found = self.receive(live, 100)
        self.assertEqual([event["data"]["seq"] for event in found], list(range(100)))
        streams = [event["seq"] for event in found]
        self.assertEqual(streams, sorted(set(streams)))

    def test_one_device(self):
        gateway = self.gateway()
        client = self.client(gateway)
        client.publish("modax/sensor/data/cnc-01", reading("cnc-01", 0), 1)
        live = self.connect(gateway, "/ws/device/cnc-01")
        for sequence in range(1, 4):
            client.publish("modax/sensor/data/cnc-02", reading("cnc-02", sequence), 1)
            client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
        found = self.receive(live, 3)
        self.assertEqual({event["device_id"] for event in found}, {"cnc-01"})
        self.assertEqual([event["data"]["seq"] for event in found], [1, 2, 3])

    def test_wrong_key_is_refused(self):
        gateway = self.gateway()
        with self.assertRaises(websocket.WebSocketBadStatusException) as refused:
            self.connect(gateway, key="wrong")
        self.assertEqual(refused.exception.status_code, 401)

    def test_resume_without_a_gap_over_a_restart(self):
        for way in ("stop", "kill"):
            with self.subTest(way=way):
                gateway = self.gateway(name=way)
                live = self.connect(gateway)
                client = self.client(gateway)
                for sequence in range(1, 11):
                    client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
                seen = self.receive(live, 10)[:5]  # the other five are lost on the way
                live.close()
                for sequence in range(11, 21):
                    client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
                client.close()
                getattr(gateway, way)()
                gateway.start()
                live = self.connect(gateway, f"/ws?since={seen[-1]['seq']}")
                client = self.client(gateway, "again")
                for sequence in range(21, 31):
                    client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
                found = self.receive(live, 25)
                self.assertEqual([event["data"]["seq"] for event in found], list(range(6, 31)))

    def test_slow_clients_do_not_hold_up_good_ones(self):
        gateway = self.gateway(settings={
            "websocket.soft_limit_bytes": str(SOFT_LIMIT),
            "websocket.hard_limit_bytes": str(4 * SOFT_LIMIT),
        })
        with contextlib.ExitStack() as stack:
            options = {"key": gateway.admin_key, "limit": 120}
            good = stack.enter_context(drain_websocket(gateway.http_port, connections=20, **options))
            stack.enter_context(
                drain_websocket(gateway.http_port, connections=10, stalled=10, **options)
            )
            count = 60_000
            publish(gateway.mqtt_port, connections=4, qos=1, count=count, rate=count // SECONDS).result()
            at_rest(gateway, count)

            def slow_ones_are_gone():
                metrics = gateway.metrics()
                names = [name for name in metrics.names() if "websocket" in name and "slow" in name]
                return names and sum(metrics.total(name) for name in names) >= 10

            wait_for(slow_ones_are_gone, "ten slow clients closed and counted", 30, 0.2)
            report = good.stop()
        self.assertEqual(report["closed"], {})
        self.assertEqual(report["gaps"], 0)
        self.assertGreaterEqual(report["readings"], 20 * count)
