"""OPC UA clients that do everything wrong."""
import pathlib
import random
import socket
import unittest

from modax_test.waiting import wait_for
from opcua_peer import OpcUaCase, OpcUaError

SOON = 15


class Hostile(OpcUaCase):
    """Clients that do everything wrong do not disturb one that does not."""
    settings = {"opcua.max_sessions": "5"}

    def setUp(self):
        super().setUp()
        self.trust(self.certificate[0])
        self.publish("cnc-01", temperature=1)
        wait_for(self.good, "a session", SOON)

    def good(self):
        try:
            return self.connect(name="good")
        except OpcUaError:
            return False

    def still_good(self):
        return self.value("MODAX.Devices.CNC-01.Temperature", name="good")["value"] == 1

    def test_garbage_on_the_port(self):
        port = int(self.gateway.endpoints["opcua"].rsplit(":", 1)[1])
        noise = random.Random(62541)
        heads = (b"", b"HELF", b"OPNF", b"MSGF", b"CLOF", b"GET / HTTP/1.1\r\n\r\n", b"HELF\xff\xff\xff\xff")
        for number in range(200):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                body = heads[number % len(heads)]
                if body.endswith(b"F"):
                    length = noise.choice((0, 8, 32, 65_536, 2**31, 2**32 - 1))
                    body += length.to_bytes(4, "little")
                try:
                    connection.sendall(body + noise.randbytes(noise.randrange(200)))
                except OSError:
                    pass  # closed on us already, as it should be
        wait_for(self.still_good, "an answer to the client that behaves", SOON)
        self.assertTrue(self.gateway.is_ready())

    def test_more_sessions_than_there_may_be(self):
        refused = 0
        for number in range(10):
            try:
                self.connect(name=f"flood-{number}")
            except OpcUaError:
                refused += 1
        self.assertEqual(refused, 6)
        self.assertTrue(self.still_good())
        self.assertEqual(self.gateway.metrics().total("modax_opcua_sessions"), 5)

    def test_connecting_and_leaving_leaks_no_session_and_no_file(self):
        files = pathlib.Path(f"/proc/{self.gateway.process.pid}/fd")

        def round_trip(number):
            self.connect(name=f"guest-{number}")
            self.peer.call("disconnect", name=f"guest-{number}")

        round_trip(0)
        wait_for(lambda: self.gateway.metrics().total("modax_opcua_sessions") == 1, "one", SOON)
        before = len(list(files.iterdir()))
        for number in range(30):
            round_trip(number)
        wait_for(lambda: self.gateway.metrics().total("modax_opcua_sessions") == 1, "one", SOON)
        wait_for(lambda: len(list(files.iterdir())) <= before + 3, "the files to be closed", SOON)


if __name__ == "__main__":
    unittest.main()
