"""MQTT 3.1.1 and 5 by hand: for what a well-behaved client library does not let a test do."""
import socket
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP = 8, 9, 10, 11, 12, 13
DISCONNECT, AUTH = 14, 15

# MQTT 5, 2.2.2.2: name -> (identifier, kind)
PROPERTIES = {
    "payload_format_indicator": (0x01, "byte"),
    "message_expiry_interval": (0x02, "four"),
    "content_type": (0x03, "text"),
    "response_topic": (0x08, "text"),
    "correlation_data": (0x09, "binary"),
    "subscription_identifier": (0x0B, "variable"),
    "session_expiry_interval": (0x11, "four"),
    "assigned_client_identifier": (0x12, "text"),
    "server_keep_alive": (0x13, "two"),
    "authentication_method": (0x15, "text"),
    "authentication_data": (0x16, "binary"),
    "request_problem_information": (0x17, "byte"),
    "will_delay_interval": (0x18, "four"),
    "request_response_information": (0x19, "byte"),
    "response_information": (0x1A, "text"),
    "server_reference": (0x1C, "text"),
    "reason_string": (0x1F, "text"),
    "receive_maximum": (0x21, "two"),
    "topic_alias_maximum": (0x22, "two"),
    "topic_alias": (0x23, "two"),
    "maximum_qos": (0x24, "byte"),
    "retain_available": (0x25, "byte"),
    "user_property": (0x26, "pair"),
    "maximum_packet_size": (0x27, "four"),
    "wildcard_subscription_available": (0x28, "byte"),
    "subscription_identifier_available": (0x29, "byte"),
    "shared_subscription_available": (0x2A, "byte"),
}
_BY_IDENTIFIER = {identifier: (name, kind) for name, (identifier, kind) in PROPERTIES.items()}


def variable_integer(value):
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(out)


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def properties(**values):
    """The property block with its length; a list repeats a property."""
    out = b""
    for name, value in values.items():
        identifier, kind = PROPERTIES[name]
        for each in value if isinstance(value, list) else [value]:
            out += bytes([identifier]) + _encode_value(kind, each)
    return variable_integer(len(out)) + out


def _encode_value(kind, value):
    if kind == "byte":
        return bytes([value])
    if kind == "two":
        return struct.pack("!H", value)
    if kind == "four":
        return struct.pack("!I", value)
    if kind == "variable":
        return variable_integer(value)
    if kind == "pair":
        return text(value[0]) + text(value[1])
    return text(value)


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + variable_integer(len(body)) + body


def connect(client_id="", version=4, clean=True, keep_alive=0, user=None, password=None, will=None,
            protocol_name="MQTT", **values):
    """CONNECT. `will`: (topic, payload, qos, retain[, properties]); `values`: v5 properties."""
    flags = 0x02 if clean else 0
    payload = text(client_id)
    if will:
        topic, message, qos, retain = will[:4]
        flags |= 0x04 | qos << 3 | (0x20 if retain else 0)
        if version == 5:
            payload += properties(**(will[4] if len(will) > 4 else {}))
        payload += text(topic) + text(message)
    if user is not None:
        flags |= 0x80
        payload += text(user)
    if password is not None:
        flags |= 0x40
        payload += text(password)
    head = text(protocol_name) + bytes([version, flags]) + struct.pack("!H", keep_alive)
    if version == 5:
        head += properties(**values)
    return packet(CONNECT, 0, head + payload)


def publish(topic, payload=b"", qos=0, packet_id=None, retain=False, duplicate=False, version=4,
            **values):
    flags = qos << 1 | (1 if retain else 0) | (8 if duplicate else 0)
    body = text(topic)
    if qos:
        body += struct.pack("!H", packet_id)
    if version == 5:
        body += properties(**values)
    return packet(PUBLISH, flags, body + (payload.encode() if isinstance(payload, str) else payload))


def subscribe(packet_id, *filters, version=4, **values):
    """Filters as (filter, options byte)."""
    body = struct.pack("!H", packet_id) + (properties(**values) if version == 5 else b"")
    for topic_filter, options in filters:
        body += text(topic_filter) + bytes([options])
    return packet(SUBSCRIBE, 2, body)


def unsubscribe(packet_id, *filters, version=4):
    body = struct.pack("!H", packet_id) + (properties() if version == 5 else b"")
    return packet(UNSUBSCRIBE, 2, body + b"".join(text(each) for each in filters))


def acknowledge(kind, packet_id):
    return packet(kind, 2 if kind == PUBREL else 0, struct.pack("!H", packet_id))


def disconnect(version=4, reason=0, **values):
    if version == 5 and (reason or values):
        return packet(DISCONNECT, 0, bytes([reason]) + properties(**values))
    return packet(DISCONNECT, 0, b"")


class Received:
    """A packet from the broker. What is not in its kind is None."""

    def __init__(self, kind, flags, body, version):
        self.kind, self.flags, self.body = kind, flags, body
        self.packet_id = self.topic = self.payload = self.reason = None
        self.reasons = []
        self.properties = {}
        self.qos, self.retain, self.duplicate = flags >> 1 & 3, bool(flags & 1), bool(flags & 8)
        self.session_present = None
        self._read(version)

    def _read(self, version):
        at = 0
        if self.kind == CONNACK:
            self.session_present, self.reason = bool(self.body[0] & 1), self.body[1]
            if version == 5:
                self.properties, _ = _read_properties(self.body, 2)
        elif self.kind == PUBLISH:
            length = struct.unpack_from("!H", self.body)[0]
            self.topic = self.body[2 : 2 + length].decode()
            at = 2 + length
            if self.qos:
                self.packet_id = struct.unpack_from("!H", self.body, at)[0]
                at += 2
            if version == 5:
                self.properties, at = _read_properties(self.body, at)
            self.payload = self.body[at:]
        elif self.kind in (PUBACK, PUBREC, PUBREL, PUBCOMP):
            self.packet_id = struct.unpack_from("!H", self.body)[0]
            self.reason = self.body[2] if len(self.body) > 2 else 0
        elif self.kind in (SUBACK, UNSUBACK):
            self.packet_id = struct.unpack_from("!H", self.body)[0]
            at = 2
            if version == 5:
                self.properties, at = _read_properties(self.body, at)
            self.reasons = list(self.body[at:])
        elif self.kind == DISCONNECT:
            self.reason = self.body[0] if self.body else 0
            if len(self.body) > 1:
                self.properties, _ = _read_properties(self.body, 1)

    def __repr__(self):
        return f"Received(kind={self.kind}, flags={self.flags}, body={self.body!r})"


def _read_properties(body, at):
    if at >= len(body):
        return {}, at  # an answer to a client of another version has none
    length, at = _read_variable(body, at)
    end = at + length
    values = {}
    while at < end:
        name, kind = _BY_IDENTIFIER[body[at]]
        value, at = _read_value(kind, body, at + 1)
        if kind == "pair" or name == "subscription_identifier":
            values.setdefault(name, []).append(value)
        elif name in values:
            raise AssertionError(f"property {name} twice")
        else:
            values[name] = value
    return values, end


def _read_variable(body, at):
    value = shift = 0
    while True:
        value |= (body[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not body[at - 1] & 0x80:
            return value, at


def _read_value(kind, body, at):
    if kind == "byte":
        return body[at], at + 1
    if kind == "two":
        return struct.unpack_from("!H", body, at)[0], at + 2
    if kind == "four":
        return struct.unpack_from("!I", body, at)[0], at + 4
    if kind == "variable":
        return _read_variable(body, at)
    length = struct.unpack_from("!H", body, at)[0]
    data = body[at + 2 : at + 2 + length]
    at += 2 + length
    if kind == "pair":
        value, at = _read_value("text", body, at)
        return (data.decode(), value), at
    return (data if kind == "binary" else data.decode()), at


class Closed(Exception):
    """The broker closed the connection."""


class RawClient:
    """A socket that speaks packets. Answers nothing by itself."""

    def __init__(self, port, version=4, timeout=5):
        self.version = version
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, *packets):
        self.socket.sendall(b"".join(packets))

    def connect(self, client_id="", **options):
        """CONNECT and its CONNACK."""
        self.send(connect(client_id, version=self.version, **options))
        return self.expect(CONNACK)

    def subscribe(self, topic_filter, options=0, packet_id=1, **values):
        self.send(subscribe(packet_id, (topic_filter, options), version=self.version, **values))
        return self.expect(SUBACK)

    def publish(self, topic, payload=b"", qos=0, packet_id=None, **options):
        self.send(publish(topic, payload, qos, packet_id, version=self.version, **options))

    def disconnect(self, **options):
        self.send(disconnect(version=self.version, **options))
        self.close()

    def receive(self, timeout=5):
        """The next packet; Closed at the end of the stream, TimeoutError when none comes."""
        self.socket.settimeout(timeout)
        first = self._exactly(1)[0]
        length = shift = 0
        while True:
            digit = self._exactly(1)[0]
            length |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                break
        return Received(first >> 4, first & 0x0F, self._exactly(length), self.version)

    def expect(self, kind, timeout=5):
        received = self.receive(timeout)
        if received.kind != kind:
            raise AssertionError(f"expected a packet of type {kind}, got {received}")
        return received

    def receive_all(self, seconds):
        """Every packet until none has come for so long."""
        packets = []
        try:
            while True:
                packets.append(self.receive(seconds))
        except (TimeoutError, Closed):
            return packets

    def expect_close(self, timeout=5):
        """What came before the end of the stream; fails when the broker keeps the connection."""
        packets = []
        try:
            while True:
                packets.append(self.receive(timeout))
        except Closed:
            return packets
        except TimeoutError:
            raise AssertionError(f"the broker kept the connection; it sent {packets}") from None

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except ConnectionResetError:
                raise Closed() from None
            if not piece:
                raise Closed()
            data += piece
        return data

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
