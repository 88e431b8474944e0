"""The same 10,000 readings over every interface: value, unit, time and quality are the same over
REST, export, MQTT, WebSocket, OPC UA and SQL."""
import csv
import datetime
import io
import json
import random
import unittest

from modax_test.paho_client import PahoClient
from modax_test.tools import SANITIZED
from modax_test.waiting import wait_for
from opcua_peer import OpcUaCase

try:
    import websocket
except ImportError:
    raise unittest.SkipTest("python3-websocket is not installed") from None

COUNT = 2_000 if SANITIZED else 10_000
PAGE = 1_000
DEVICE = "cnc-01"
START = datetime.datetime(2025, 12, 9, 10, 0, tzinfo=datetime.timezone.utc)
QUANTITIES = {  # name in JSON, its OPC UA node, its unit
    "temperature": ("Temperature", "°C"),
    "current": ("Current", "A"),
    "vibration": ("Vibration", "m/s²"),
    "spindle_speed": ("SpindleSpeed", "1/min"),
    "power_kw": ("Power", "kW"),
    "feed_rate": ("FeedRate", "mm/min"),
}
# OPC UA names units as UNECE Recommendation 20 does.
UNECE_SYMBOLS = {"1/min": "r/min"}


def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def make_readings():
    """Numbers that rounding would give away, and gaps."""
    source = random.Random(7)
    odd = [0.1 + 0.2, 1e-300, -0.0, 123456789.123456789, 5e-324, -273.15, 1 / 3, 999999999999999.0]
    readings = []
    for sequence in range(COUNT):
        # OPC UA's peer has milliseconds.
        time = START + datetime.timedelta(milliseconds=sequence * 7)
        reading = {"timestamp": time.isoformat(), "seq": sequence, "device_id": DEVICE}
        for name in QUANTITIES:
            if source.random() < 0.9:
                rare = source.random() < 0.01
                reading[name] = source.choice(odd) if rare else source.uniform(-1e3, 1e3)
        reading["is_safe"] = source.choice([True, False])
        reading["tool_wear"] = source.random()
        readings.append(reading)
    return readings


def rows_of(readings):
    """{time: {name: value}} without what is not there."""
    rows = {}
    for reading in readings:
        values = {
            name: reading[name] for name in (*QUANTITIES, "is_safe", "tool_wear")
            if reading.get(name) is not None
        }
        rows[parse_time(reading["timestamp"])] = values
    return rows


class SameReadings(OpcUaCase):
    settings = {"websocket.hard_limit_bytes": str(128 * 2**20),
                "websocket.soft_limit_bytes": str(64 * 2**20),
                "mqtt.max_queued_messages": "100000"}

    @property
    def interval(self):
        end = START + datetime.timedelta(hours=1)
        return {"start": START.isoformat().replace("+00:00", "Z"),
                "end": end.isoformat().replace("+00:00", "Z")}

    def from_rest(self):
        path = f"/api/v1/devices/{DEVICE}/history"
        return self.gateway.json(path, limit=100_000, **self.interval)["readings"]

    def from_csv(self):
        answer = self.gateway.get(f"/api/v1/export/{DEVICE}/csv", params=self.interval)
        answer.raise_for_status()
        answer.encoding = "utf-8"
        for row in csv.DictReader(io.StringIO(answer.text)):
            reading = {name: float(text) for name, text in row.items()
                       if text and name in QUANTITIES}
            reading.update(json.loads(row["metrics"]))
            reading["timestamp"] = row["timestamp"]
            reading["is_safe"] = {"true": True, "false": False}[row["is_safe"]]
            yield reading

    def from_sql(self):
        names = ", ".join(QUANTITIES)
        rows = self.gateway.query(f"SELECT time, is_safe, metrics, {names} FROM sensor_data")
        for time, is_safe, metrics, *values in rows:
            yield {"timestamp": time, "is_safe": bool(is_safe), **json.loads(metrics),
                   **dict(zip(QUANTITIES, values))}

    def history_of(self, node):
        """[(time, value, status)] of a node, page by page."""
        found, continuation = [], None
        while True:
            page = self.peer.call("history", name="client", node=node, max=PAGE,
                                  continuation=continuation, **self.interval)
            found += [(parse_time(each["source"]), each["value"], each["status"])
                      for each in page["values"]]
            continuation = page["continuation"]
            if continuation is None:
                return found

    def from_opcua(self):
        rows = {}
        nodes = {name: node for name, (node, _) in QUANTITIES.items()}
        nodes |= {"is_safe": "IsSafe", "tool_wear": "Metrics.tool_wear"}
        for name, node in nodes.items():
            for time, value, status in self.history_of(f"ns=1;s=MODAX.Devices.CNC-01.{node}"):
                self.assertEqual(status, "Good")
                rows.setdefault(time, {})[name] = value
        return rows

    def compare(self, rows, expected):
        self.assertEqual(len(rows), len(expected))
        for time, values in expected.items():
            self.assertEqual(rows.get(time), values, time)

    def test_every_interface_tells_the_same(self):
        self.trust(self.certificate[0])
        subscriber = PahoClient(self.gateway.mqtt_port, "subscriber")
        self.addCleanup(subscriber.close)
        subscriber.connect()
        subscriber.subscribe(f"modax/sensor/data/{DEVICE}", 1)
        readings = make_readings()
        expected = rows_of(readings)
        self.mqtt.publish(f"modax/sensor/data/{DEVICE}", json.dumps(readings[0]).encode(), 1)
        live = websocket.create_connection(
            f"ws://127.0.0.1:{self.gateway.http_port}/ws/device/{DEVICE}?since=0", timeout=30,
            header=[f"X-API-Key: {self.gateway.admin_key}"],
        )
        self.addCleanup(live.close)
        for reading in readings[1:]:
            self.mqtt.client.publish(f"modax/sensor/data/{DEVICE}", json.dumps(reading).encode(), 1)
        wait_for(
            lambda: self.gateway.json("/api/v1/accounting")["stored"] >= COUNT,
            "all readings stored", 60, 0.1,
        )
        from_websocket = [json.loads(live.recv()) for _ in range(COUNT)]
        self.assertEqual({event["type"] for event in from_websocket}, {"reading"})
        wait_for(lambda: len(subscriber.messages) >= COUNT, "all readings over MQTT", 60, 0.05)

        self.compare(rows_of(self.from_rest()), expected)
        self.compare(rows_of(event["data"] for event in from_websocket), expected)
        self.compare(rows_of(json.loads(each.payload) for each in subscriber.messages), expected)
        self.compare(rows_of(self.from_csv()), expected)
        self.compare(rows_of(self.from_sql()), expected)
        wait_for(self.connected, "an OPC UA session", 20, 0.2)
        self.compare(self.from_opcua(), expected)

    def connected(self):
        self.connect()
        return True

    def test_units_are_the_documented_ones(self):
        self.trust(self.certificate[0])
        self.publish(DEVICE, temperature=20)
        self.connected()
        document = self.gateway.get("/api/v1/openapi.json", key="").json()
        members = document["components"]["schemas"]["Reading"]["properties"]
        for name, (node, unit) in QUANTITIES.items():
            with self.subTest(quantity=name):
                self.assertEqual(members[name]["description"], unit)
                value = wait_for(lambda: self.unit_of(node), f"the unit of {node}", 20, 0.1)
                symbol = UNECE_SYMBOLS.get(unit, unit)
                self.assertEqual(value["displayName"]["text"], symbol)

    def unit_of(self, node):
        answer = self.peer.call(
            "read", name="client", nodes=[f"ns=1;s=MODAX.Devices.CNC-01.{node}.EngineeringUnits"])
        return answer[0]["value"]


if __name__ == "__main__":
    unittest.main()
