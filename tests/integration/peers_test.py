"""The test peers themselves against Mosquitto: a peer that is wrong proves nothing."""
import pathlib
import shutil
import socket
import struct
import tempfile
import threading
import time
import unittest

from modax_test.certificates import Certificates
from modax_test.flood import drain_websocket, publish, subscribe
from modax_test.ledger import read_ledger
from modax_test.mosquitto import Mosquitto
from modax_test.raw_mqtt import Closed, RawClient
from modax_test.tcp_proxy import TcpProxy
from modax_test.waiting import wait_for


def frame(opcode, payload):
    """A WebSocket frame as a server sends it (RFC 6455, 5.2)."""
    length = len(payload)
    if length < 126:
        head = bytes([length])
    elif length < 65536:
        head = b"\x7e" + struct.pack("!H", length)
    else:
        head = b"\x7f" + struct.pack("!Q", length)
    return bytes([0x80 | opcode]) + head + payload


class BrokerBehind(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="modax-peers-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def mosquitto(self, **options):
        broker = Mosquitto(self.directory / "mosquitto", **options)
        self.addCleanup(broker.kill)
        return broker.start()


class Flood(BrokerBehind):
    def test_ledger_names_every_acknowledged_message_once(self):
        broker = self.mosquitto()
        ledger = self.directory / "ledger"
        report = publish(
            broker.port, qos=1, connections=5, devices=7, count=7000, ledger=ledger
        ).result()
        self.assertEqual((report["sent"], report["acknowledged"]), (7000, 7000))
        acknowledged = read_ledger(ledger)
        self.assertEqual(len(acknowledged), 7)
        self.assertEqual(sum(map(len, acknowledged.values())), 7000)

    def test_every_version_and_qos_arrives(self):
        broker = self.mosquitto()
        for version in (4, 5):
            for qos in (0, 1):
                with self.subTest(version=version, qos=qos):
                    with subscribe(
                        broker.port, qos=qos, mqtt_version=version, expect=3000, latency=True, limit=30
                    ) as drain:
                        publish(
                            broker.port, qos=qos, mqtt_version=version, connections=3, count=3000,
                            rate=20000,
                        ).result()
                        report = drain.result()
                    self.assertEqual(report["received"], 3000)
                    self.assertEqual(report["latency_us"]["count"], 3000)

    def test_tls(self):
        certificates = Certificates(self.directory / "tls")
        broker = self.mosquitto(certificates=certificates)
        options = {"host": "localhost", "tls": True, "ca": certificates.ca_file}
        report = publish(broker.tls_port, qos=1, count=2000, connections=2, **options).result()
        self.assertEqual(report["acknowledged"], 2000)
        other = Certificates(self.directory / "other", "another CA")
        report = publish(
            broker.tls_port, qos=1, count=1, host="localhost", tls=True, ca=other.ca_file
        ).result(check=False)
        self.assertEqual(report["exit"], 3)

    def test_a_killed_broker_is_reported(self):
        broker = self.mosquitto()
        ledger = self.directory / "ledger"
        flood = publish(broker.port, qos=1, seconds=60, rate=5000, ledger=ledger)
        self.addCleanup(flood.kill)
        wait_for(lambda: ledger.exists() and ledger.stat().st_size > 1000, "the first PUBACKs")
        broker.kill()
        report = flood.result(check=False)
        self.assertEqual((report["exit"], report["losses"]), (3, 1))
        written = sum(map(len, read_ledger(ledger).values()))
        self.assertEqual(written, report["acknowledged"])

    def test_reconnects_and_redelivers(self):
        broker = self.mosquitto()
        flood = publish(broker.port, qos=1, connections=2, count=40_000, rate=10_000, reconnect=30,
                        ledger=self.directory / "ledger")
        self.addCleanup(flood.kill)
        ledger = self.directory / "ledger"
        wait_for(lambda: ledger.exists() and ledger.stat().st_size > 1000, "the first PUBACKs")
        broker.kill()
        broker.start()
        report = flood.result()
        self.assertEqual((report["sent"], report["acknowledged"]), (40_000, 40_000))
        self.assertGreaterEqual(report["losses"], 1)
        self.assertEqual(sum(map(len, read_ledger(ledger).values())), 40_000)


class WebSocketDrain(unittest.TestCase):
    """modax_ws_drain with a server of a few lines that sends what it is told."""

    FRAMES = (
        frame(1, b'{"seq":1,"type":"reading","data":{"timestamp":"2026-01-05T10:00:00.5Z"}}'),
        frame(9, b"ping"),
        frame(1, b'{"seq":2,"type":"safety","data":{}}' + b" " * 300),
        frame(1, b'{"gap":{"from":3,"to":9}}'),
        frame(1, b'{"seq":10,"type":"reading","data":{}}' + b" " * 70_000),
        frame(8, struct.pack("!H", 4008) + b"slow"),
    )

    def test_counts_frames_gaps_and_close_codes(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        requests, answers = [], []
        stay = threading.Event()
        self.addCleanup(stay.set)

        def serve(frames):
            client, _ = listener.accept()
            with client:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += client.recv(4096)
                requests.append(head)
                whole = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
                client.sendall((whole + b"".join(frames))[:150])
                time.sleep(0.05)  # two pieces: a frame is cut in the middle
                client.sendall((whole + b"".join(frames))[150:])
                if len(frames) > 2:
                    answers.append(client.recv(64))
                stay.wait(10)

        going_away = frame(8, struct.pack("!H", 1001))
        for frames in (self.FRAMES, (self.FRAMES[0], going_away)):
            threading.Thread(target=serve, args=(frames,), daemon=True).start()
        with drain_websocket(
            listener.getsockname()[1], connections=2, key="secret", latency=True, limit=20
        ) as drain:
            wait_for(lambda: answers, "the answer to the ping")
            report = drain.result(timeout=20)
        self.assertIn(b"X-API-Key: secret\r\n", requests[0])
        self.assertEqual(answers[0], b"\x8a\x84\0\0\0\0ping")
        self.assertEqual((report["frames"], report["readings"], report["gaps"]), (5, 3, 1))
        self.assertEqual((report["least"], report["most"]), (1, 4))
        self.assertEqual(report["closed"], {"1001": 1, "4008": 1})
        self.assertEqual(report["latency_us"]["count"], 2)


class Proxy(unittest.TestCase):
    """TcpProxy in front of an echo server."""

    def setUp(self):
        self.echo = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.echo.close)
        threading.Thread(target=self.serve, daemon=True).start()
        self.proxy = TcpProxy(self.echo.getsockname()[1])
        self.addCleanup(self.proxy.close)

    def serve(self):
        while True:
            try:
                client, _ = self.echo.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client):
        with client:
            try:
                while data := client.recv(65536):
                    client.sendall(data)
                client.sendall(b"end")
            except OSError:
                pass

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=5)
        self.addCleanup(client.close)
        return client

    def test_passes_bytes(self):
        client = self.connect()
        client.sendall(b"hello")
        self.assertEqual(client.recv(10), b"hello")

    def test_latency(self):
        self.proxy.latency = 0.1
        client = self.connect()
        started = time.monotonic()
        client.sendall(b"hello")
        self.assertEqual(client.recv(10), b"hello")
        self.assertGreaterEqual(time.monotonic() - started, 0.2)

    def test_cut_after(self):
        self.proxy.cut_after = 4
        client = self.connect()
        client.sendall(b"hello")
        got = b""
        with self.assertRaises((ConnectionResetError, EOFError)):
            while True:
                data = client.recv(10)
                if not data:
                    raise EOFError
                got += data
        self.assertIn(got, (b"", b"hell"))

    def test_black_hole(self):
        self.proxy.black_hole = True
        client = self.connect()
        client.settimeout(0.3)
        client.sendall(b"hello")
        with self.assertRaises(TimeoutError):
            client.recv(10)

    def test_half_close(self):
        client = self.connect()
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        self.proxy.half_close()
        self.assertEqual(client.recv(10), b"end")

    def test_reset(self):
        client = self.connect()
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        self.proxy.reset_connections()
        with self.assertRaises(ConnectionResetError):
            if not client.recv(10):
                raise ConnectionResetError

    def test_refuse(self):
        self.proxy.refuse = True
        with self.assertRaises((Closed, OSError)):
            RawClient(self.proxy.port).connect("a")
