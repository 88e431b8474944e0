"""paho-mqtt with everything that happens recorded, so that a test can wait for it."""
import threading
import unittest

from .waiting import wait_for

try:
    from paho.mqtt import client as paho
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.subscribeoptions import SubscribeOptions
except ImportError:
    raise unittest.SkipTest("python3-paho-mqtt is not installed") from None

MQTTv311, MQTTv5 = paho.MQTTv311, paho.MQTTv5
# paho 2 (Debian 13) wants to be told that callbacks are those of paho 1 (Debian 12).
CALLBACKS = {}
if hasattr(paho, "CallbackAPIVersion"):
    CALLBACKS["callback_api_version"] = paho.CallbackAPIVersion.VERSION1
__all__ = ["MQTTv311", "MQTTv5", "PahoClient", "PacketTypes", "SubscribeOptions", "properties"]


def properties(kind, **values):
    """v5 properties by paho's names: properties("PUBLISH", ContentType="text/plain")."""
    made = Properties(getattr(PacketTypes, kind))
    for name, value in values.items():
        setattr(made, name, value)
    return made


class PahoClient:
    """One client. `connect` waits for CONNACK; `subscribe`, `publish` for their acknowledgement."""

    def __init__(self, port, client_id="", protocol=MQTTv311, clean=True, transport="tcp",
                 user=None, password=None, ca_file=None,
                 cert_file=None, key_file=None):
        self.port = port
        self.protocol = protocol
        self.clean = clean
        options = {} if protocol == MQTTv5 else {"clean_session": clean}
        if protocol == MQTTv311 and not client_id:
            options["clean_session"] = True
        self.client = paho.Client(
            client_id=client_id, protocol=protocol, transport=transport, **CALLBACKS, **options
        )
        if user is not None:
            self.client.username_pw_set(user, password)
        # A certificate is for the name localhost.
        self.host = "127.0.0.1" if ca_file is None else "localhost"
        if ca_file is not None:
            own = (str(cert_file), str(key_file)) if cert_file is not None else (None, None)
            self.client.tls_set(ca_certs=str(ca_file), certfile=own[0], keyfile=own[1])
        self.messages = []
        self.connacks = []
        self.disconnects = []
        self._acknowledged = {}
        self._lock = threading.Lock()
        self.client.on_message = lambda _, __, message: self.messages.append(message)
        self.client.on_subscribe = self._on_subscribe
        self.client.on_unsubscribe = lambda _, __, mid, *rest: self._done(mid, rest)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda _, __, reason, *rest: self.disconnects.append(reason)

    def _on_connect(self, _, __, flags, reason, *rest):
        self.connacks.append((flags, reason, rest[0] if rest else None))

    def _on_subscribe(self, _, __, mid, granted, *rest):
        self._done(mid, (granted, *rest))

    def _done(self, mid, answer):
        with self._lock:
            self._acknowledged[mid] = answer

    def connect(self, keepalive=60, connect_properties=None, timeout=10):
        """(session present, reason, CONNACK properties)"""
        before = len(self.connacks)
        options = {}
        if self.protocol == MQTTv5:
            options = {"clean_start": self.clean, "properties": connect_properties}
        self.client.connect(self.host, self.port, keepalive, **options)
        self.client.loop_start()
        wait_for(lambda: len(self.connacks) > before, "CONNACK", timeout)
        flags, reason, answer = self.connacks[-1]
        return bool(flags["session present"]), reason, answer

    def subscribe(self, topic, qos=0, options=None, subscribe_properties=None, timeout=10):
        """What SUBACK grants."""
        if self.protocol == MQTTv5:
            result, mid = self.client.subscribe(
                topic, options=options or SubscribeOptions(qos=qos), properties=subscribe_properties
            )
        else:
            result, mid = self.client.subscribe(topic, qos)
        assert result == 0, f"subscribe to {topic}: {paho.error_string(result)}"
        wait_for(lambda: mid in self._acknowledged, f"SUBACK for {topic}", timeout)
        return self._acknowledged.pop(mid)[0]

    def unsubscribe(self, topic, timeout=10):
        result, mid = self.client.unsubscribe(topic)
        assert result == 0
        wait_for(lambda: mid in self._acknowledged, f"UNSUBACK for {topic}", timeout)
        return self._acknowledged.pop(mid)

    def publish(self, topic, payload=b"", qos=0, retain=False, publish_properties=None, timeout=10):
        info = self.client.publish(topic, payload, qos, retain, properties=publish_properties)
        info.wait_for_publish(timeout)
        assert info.is_published(), f"publish to {topic} at QoS {qos} was not acknowledged"

    def wait_for_messages(self, count, timeout=10):
        """The first `count` messages at least; all that are here by then."""
        wait_for(
            lambda: len(self.messages) >= count,
            f"{count} messages (have {[(m.topic, m.payload) for m in self.messages]})", timeout,
        )
        return self.messages

    def disconnect(self, **options):
        before = len(self.disconnects)
        self.client.disconnect(**options)
        wait_for(lambda: len(self.disconnects) > before, "the end of the connection")
        self.client.loop_stop()

    def drop(self):
        """The connection goes away without DISCONNECT, and is not made again."""
        self.client.loop_stop()
        self.client.socket().close()

    def close(self):
        self.client.on_disconnect = None
        self.client.disconnect()
        self.client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
