"""Packets no client may send: the connection ends, the broker goes on (MQTT 3.1.1 and 5, 4.8)."""
import struct

from broker_case import BROKER, BrokerCase
from modax_test import raw_mqtt as mqtt

# Malformed or a protocol error in both versions, sent behind a good CONNECT; each is
# made for the version it is given.
AFTER_CONNECT = {
    "reserved packet type 0": lambda v: mqtt.packet(0, 0, b""),
    "remaining length of five bytes": lambda v: b"\x30\xff\xff\xff\xff\x01",
    "QoS 3": lambda v: mqtt.packet(mqtt.PUBLISH, 6, mqtt.text("a") + b"\0\1" + _none(v)),
    "QoS 1 with packet id 0": lambda v: mqtt.publish("a", b"", 1, 0, version=v),
    "DUP at QoS 0": lambda v: mqtt.packet(mqtt.PUBLISH, 8, mqtt.text("a") + _none(v)),
    "topic with +": lambda v: mqtt.publish("a/+", version=v),
    "topic with #": lambda v: mqtt.publish("#", version=v),
    "topic with NUL": lambda v: mqtt.publish("a\0b", version=v),
    "topic that is not UTF-8": lambda v: mqtt.publish(b"\xc3\x28", version=v),
    "topic with a surrogate": lambda v: mqtt.publish(b"\xed\xa0\x80", version=v),
    "topic longer than the packet": lambda v: mqtt.packet(mqtt.PUBLISH, 0, b"\x00\x20ab"),
    "empty topic": lambda v: mqtt.publish("", version=v),
    "SUBSCRIBE with flags 0": lambda v: mqtt.packet(
        mqtt.SUBSCRIBE, 0, b"\0\1" + _none(v) + mqtt.text("a") + b"\0"
    ),
    "SUBSCRIBE without filters": lambda v: mqtt.subscribe(1, version=v),
    "SUBSCRIBE with packet id 0": lambda v: mqtt.subscribe(0, ("a", 0), version=v),
    "SUBSCRIBE with QoS 3": lambda v: mqtt.subscribe(1, ("a", 3), version=v),
    "SUBSCRIBE with reserved option bits": lambda v: mqtt.subscribe(1, ("a", 0xC0), version=v),
    "UNSUBSCRIBE without filters": lambda v: mqtt.unsubscribe(1, version=v),
    "UNSUBSCRIBE with flags 0": lambda v: mqtt.packet(
        mqtt.UNSUBSCRIBE, 0, b"\0\1" + _none(v) + mqtt.text("a")
    ),
    "PUBREL with flags 0": lambda v: mqtt.packet(mqtt.PUBREL, 0, b"\0\1"),
    "PUBACK of one byte": lambda v: mqtt.packet(mqtt.PUBACK, 0, b"\0"),
    "CONNACK from a client": lambda v: mqtt.packet(mqtt.CONNACK, 0, b"\0\0"),
    "SUBACK from a client": lambda v: mqtt.packet(mqtt.SUBACK, 0, b"\0\1\0"),
    "PINGRESP from a client": lambda v: mqtt.packet(mqtt.PINGRESP, 0, b""),
    "PINGREQ with a body": lambda v: mqtt.packet(mqtt.PINGREQ, 0, b"x"),
}
V5_ONLY = {
    "AUTH nobody asked for": lambda: mqtt.packet(mqtt.AUTH, 0, b"\x18\x00"),
    "topic alias 0": lambda: mqtt.publish("a", version=5, topic_alias=0),
    "topic alias above the maximum": lambda: mqtt.publish("a", version=5, topic_alias=65535),
    "unknown topic alias": lambda: mqtt.publish("", version=5, topic_alias=1),
    "payload format indicator 2": lambda: mqtt.publish("a", version=5, payload_format_indicator=2),
    "payload format indicator twice": lambda: mqtt.publish(
        "a", version=5, payload_format_indicator=[1, 1]
    ),
    "unknown property": lambda: mqtt.packet(mqtt.PUBLISH, 0, mqtt.text("a") + b"\x02\x7f\x00"),
    "property of another packet": lambda: mqtt.publish("a", version=5, receive_maximum=3),
    "properties longer than the packet": lambda: mqtt.packet(
        mqtt.PUBLISH, 0, mqtt.text("a") + b"\x20\x01"
    ),
    "response topic with a wildcard": lambda: mqtt.publish("a", version=5, response_topic="b/#"),
    "subscription identifier from a client": lambda: mqtt.publish(
        "a", version=5, subscription_identifier=1
    ),
    "subscription identifier 0": lambda: mqtt.subscribe(
        1, ("a", 0), version=5, subscription_identifier=0
    ),
    "no local on a shared subscription": lambda: mqtt.subscribe(1, ("$share/g/a", 4), version=5),
    "retain handling 3": lambda: mqtt.subscribe(1, ("a", 0x30), version=5),
    "DISCONNECT raises a session expiry of 0": lambda: mqtt.disconnect(
        5, session_expiry_interval=10
    ),
}
CONNECTS = {
    "reserved connect flag": lambda v: _connect_with(v, flags=0x03),
    "will QoS 3": lambda v: _connect_with(v, flags=0x02 | 0x04 | 0x18),
    "will QoS without a will": lambda v: _connect_with(v, flags=0x02 | 0x08),
    "will retain without a will": lambda v: _connect_with(v, flags=0x02 | 0x20),
    "cut short": lambda v: mqtt.packet(mqtt.CONNECT, 0, mqtt.text("MQTT")),
    "client id longer than the packet": lambda v: mqtt.packet(
        mqtt.CONNECT, 0, mqtt.text("MQTT") + bytes([v, 2, 0, 0]) + _none(v) + b"\x00\x40abc"
    ),
    "client id that is not UTF-8": lambda v: mqtt.connect(b"\xff\xfe", version=v),
    "bytes behind the payload": lambda v: mqtt.packet(
        mqtt.CONNECT, 0,
        mqtt.text("MQTT") + bytes([v, 2, 0, 0]) + _none(v) + mqtt.text("abc") + b"more",
    ),
    "CONNECT with flags": lambda v: b"\x11" + mqtt.connect("abc", version=v)[1:],
    "HTTP": lambda v: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}
# What Mosquitto 2.0.11 lets pass although the standard does not.
MOSQUITTO_LETS_PASS = {
    "DUP at QoS 0",
    "PINGREQ with a body",
    "payload format indicator 2",
    "no local on a shared subscription",
    "bytes behind the payload",
    "SUBACK from a client",
    "PINGRESP from a client",
    "response topic with a wildcard",
    "subscription identifier from a client",
}


def _none(version):
    return b"\0" if version == 5 else b""


def _connect_with(version, flags):
    body = mqtt.text("MQTT") + bytes([version, flags]) + struct.pack("!H", 0) + _none(version)
    return mqtt.packet(mqtt.CONNECT, 0, body + mqtt.text("abc"))


class Malformed(BrokerCase):
    def assert_alive(self):
        probe = self.raw(4, "probe")
        probe.send(mqtt.packet(mqtt.PINGREQ, 0, b""))
        probe.expect(mqtt.PINGRESP)
        probe.disconnect()

    def check(self, name, version, packet, connected):
        if BROKER == "mosquitto" and name in MOSQUITTO_LETS_PASS:
            return
        with self.subTest(name=name, version=version):
            client = self.raw(version, "a" if connected else None)
            client.send(packet)
            packets = client.expect_close(timeout=3)
            wrong = [p for p in packets if p.kind not in (mqtt.DISCONNECT, mqtt.CONNACK)]
            self.assertEqual(wrong, [])
            if version == 4:
                self.assertFalse([p for p in packets if p.kind == mqtt.DISCONNECT])
            for packet in packets:
                reason = packet.body[1] if packet.kind == mqtt.CONNACK else packet.reason
                self.assertGreater(reason, 0)

    def test_after_connect(self):
        for name, make in AFTER_CONNECT.items():
            for version in (4, 5):
                self.check(name, version, make(version), connected=True)
        self.assert_alive()

    def test_properties(self):
        for name, make in V5_ONLY.items():
            self.check(name, 5, make(), connected=True)
        self.assert_alive()

    def test_connect(self):
        for name, make in CONNECTS.items():
            for version in (4, 5):
                self.check(name, version, make(version), connected=False)
        self.assert_alive()

    def test_every_cut_of_a_conversation(self):
        whole = (
            mqtt.connect("cut", version=5, session_expiry_interval=0, user_property=("a", "b"))
            + mqtt.subscribe(1, ("cut/#", 1), version=5)
            + mqtt.publish("cut/x", b"payload", 1, 2, version=5, content_type="text/plain")
        )
        for length in range(len(whole)):
            client = self.raw(5)
            client.send(whole[:length])
            client.close()
        self.assert_alive()
