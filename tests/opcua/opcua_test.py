"""The OPC UA server, driven by node-opcua: what it shows, and whom it lets in."""
import pathlib
import random
import socket
import unittest

import requests

from modax_test.waiting import wait_for
from opcua_peer import PASSWORD, OpcUaCase, OpcUaError

SOON = 15


class Values(OpcUaCase):
    settings = {"opcua.stale_after": "1s", "opcua.lost_after": "4s"}

    def setUp(self):
        super().setUp()
        self.trust(self.certificate[0])
        wait_for(self.try_connect, "the certificate to be trusted", SOON)

    def try_connect(self, **options):
        try:
            return self.connect(**options)
        except OpcUaError:
            return False

    def test_the_names_of_the_requirement_are_browsed_and_read(self):
        self.publish("cnc-01", temperature=42.5, spindle_speed=8000, is_safe=True, tool_wear=0.25)
        value = wait_for(
            lambda: (found := self.value("MODAX.Devices.CNC-01.Temperature"))["value"] and found,
            "the temperature", SOON)
        self.assertEqual((value["value"], value["type"]), (42.5, "Double"))
        self.assertIsNotNone(value["source"])
        self.assertEqual(self.value("MODAX.Devices.CNC-01.SpindleSpeed")["value"], 8000)
        self.assertEqual(self.value("MODAX.Devices.CNC-01.Metrics.tool_wear")["value"], 0.25)
        self.assertEqual(self.value("MODAX.Devices.CNC-01.Status")["type"], "String")
        said = wait_for(
            lambda: (found := self.value("MODAX.AI.Anomalies.CNC-01"))["status"] == "Good" and found,
            "the first analysis", SOON)
        self.assertEqual((said["value"], said["type"]), (False, "Boolean"))
        unit = self.value("MODAX.Devices.CNC-01.Temperature.EngineeringUnits")["value"]
        self.assertEqual((unit["unitId"], unit["displayName"]["text"]), (4408652, "°C"))

        devices = self.peer.call("browse", name="client", node="ns=1;s=MODAX.Devices")
        self.assertEqual([each["id"] for each in devices["nodes"]], ["ns=1;s=MODAX.Devices.CNC-01"])
        self.assertEqual(devices["nodes"][0]["type"], "ns=1;s=MODAX.Types.Device")
        members = self.peer.call("browse", name="client", node="ns=1;s=MODAX.Devices.CNC-01")
        names = [each["name"] for each in members["nodes"]]
        self.assertEqual(len(names), len(set(names)), names)
        self.assertTrue({"Temperature", "Status", "Power", "IsSafe", "Metrics"} <= set(names), names)
        spaces = self.peer.call("read", name="client", nodes=["i=2255"])[0]["value"]
        self.assertEqual(list(spaces.values() if isinstance(spaces, dict) else spaces)[1],
                         "urn:modax:server")

    def test_a_reading_reaches_a_subscriber_and_grows_old_honestly(self):
        self.publish("cnc-01", temperature=1)
        node = "ns=1;s=MODAX.Devices.CNC-01.Temperature"
        wait_for(lambda: self.value("MODAX.Devices.CNC-01.Temperature")["value"] == 1, "it", SOON)
        self.peer.call("subscribe", name="client", nodes=[node])

        def seen(status, value):
            return lambda: any(
                each["status"] == status and each["value"] == value
                for each in self.peer.call("notifications", name="client"))

        self.publish("cnc-01", temperature=2)
        wait_for(seen("Good", 2), "the new value", SOON)
        wait_for(seen("UncertainLastUsableValue", 2), "the value to be stale", SOON)
        wait_for(seen("BadNoCommunication", 2), "the device to be lost", SOON)
        self.assertEqual(self.value("MODAX.Devices.CNC-01.Status")["value"], "LOST")

    def test_history_is_read_in_both_directions_page_by_page(self):
        for second in range(25):
            self.publish("cnc-01", temperature=second, timestamp=f"2024-05-01T12:00:{second:02}Z")
        # Without a temperature: not part of its history.
        self.publish("cnc-01", current=1, timestamp="2024-05-01T12:00:59Z")
        wait_for(lambda: self.value("MODAX.Devices.CNC-01.Current")["value"] == 1, "it", SOON)
        start, end = "2024-05-01T12:00:00Z", "2024-05-01T12:01:00Z"

        def history(**query):
            values, pages, page = [], 0, {"continuation": None}
            while page["continuation"] or pages == 0:
                page = self.peer.call(
                    "history", name="client", node="ns=1;s=MODAX.Devices.CNC-01.Temperature",
                    continuation=page["continuation"], **query)
                self.assertIn(page["status"], ("Good", "GoodNoData"))
                values += [each["value"] for each in page["values"]]
                pages += 1
            return values, pages

        self.assertEqual(history(start=start, end=end)[0], list(range(25)))
        values, pages = history(start=start, end=end, max=10)
        self.assertEqual(values, list(range(25)))
        self.assertEqual(pages, 3)
        self.assertEqual(history(start=end, end=start, max=10)[0], list(range(24, 0, -1)))
        self.assertEqual(history(start=end, end="2024-05-02T00:00:00Z")[0], [])

    def test_production_orders_are_nodes(self):
        def post(path, **body):
            answer = requests.post(
                self.gateway.endpoints["http"] + "/api/v1/production/orders" + path, json=body,
                headers={"X-API-Key": self.gateway.admin_key}, timeout=10)
            answer.raise_for_status()

        post("", order_id="4711", material="shaft", quantity=100, device_id="cnc-01")
        order = "MODAX.Production.4711"
        wait_for(lambda: self.value(order + ".Status")["value"] == "released", "the order", SOON)
        browsed = self.peer.call("browse", name="client", node="ns=1;s=MODAX.Production")["nodes"]
        self.assertEqual([(each["id"], each["type"]) for each in browsed],
                         [("ns=1;s=" + order, "ns=1;s=MODAX.Types.ProductionOrder")])
        self.peer.call("subscribe", name="client", nodes=[f"ns=1;s={order}.QuantityProduced"])
        post("/4711/complete", quantity_produced=95, quantity_rejected=5)
        wait_for(lambda: any(each["value"] == 95 for each in
                             self.peer.call("notifications", name="client")), "the report", SOON)
        self.assertEqual(
            [self.value(f"{order}.{member}")["value"]
             for member in ("Status", "Quantity", "QuantityRejected", "Material", "Device")],
            ["completed", 100, 5, "shaft", "cnc-01"])
        self.modax("user", "set", "cnc-01", "--role", "device", "--password-file",
                   self.directory / "password")
        machine = {"name": "cnc-01", "password": PASSWORD}
        wait_for(lambda: self.try_connect(name="machine", user=machine), "the machine's session", SOON)
        denied = self.value(order + ".Status", name="machine")
        self.assertEqual(denied["status"], "BadUserAccessDenied")
        self.assertEqual(self.peer.call("history", name="client", node=f"ns=1;s={order}.Quantity",
                                        start="2024-05-01T12:00:00Z", end=None)["status"],
                         "BadHistoryOperationUnsupported")

    def test_nobody_changes_anything(self):
        self.publish("cnc-01", temperature=1)
        node = "ns=1;s=MODAX.Devices.CNC-01.Temperature"
        wait_for(lambda: self.value("MODAX.Devices.CNC-01.Temperature")["value"] == 1, "it", SOON)
        self.assertIn(self.peer.call("write", name="client", node=node, value=99),
                      ("BadNotWritable", "BadUserAccessDenied"))
        self.assertEqual(
            self.peer.call("add_node", name="client", parent="ns=1;s=MODAX.Devices"),
            "BadUserAccessDenied")


class Access(OpcUaCase):
    users = {"factorytalk": "scada", "cnc-01": "device"}

    def refusal(self, **options):
        with self.assertRaises(OpcUaError) as caught:
            self.connect(**options)
        return str(caught.exception)

    def attempt(self, **options):
        try:
            return self.connect(**options)
        except OpcUaError:
            return False

    def trusted(self, **options):
        self.trust((options.get("certificate") or self.certificate)[0])
        wait_for(lambda: self.attempt(**options), "the certificate to be trusted without a restart", SOON)

    def test_only_secure_endpoints_are_offered(self):
        endpoints = self.peer.call("endpoints", url=self.gateway.endpoints["opcua"])
        offered = {(each["policy"], each["mode"]) for each in endpoints}
        self.assertEqual(offered, {
            (policy, mode)
            for policy in ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")
            for mode in ("Sign", "SignAndEncrypt")})
        for each in endpoints:
            self.assertEqual(set(each["tokens"]), {"UserName", "Certificate"})
            self.assertEqual(each["application"], "urn:modax:server")

    def test_an_unknown_certificate_is_refused_kept_and_then_trusted_live(self):
        self.refusal()
        rejected = self.trust_folder / "rejected"
        reason = wait_for(lambda: list(rejected.glob("*.reason")), "the reason", SOON)[0]
        self.assertEqual(reason.read_text().splitlines()[0], "unknown_issuer")
        listed = self.modax("opcua", "list")
        self.assertIn("unknown_issuer: ", listed)
        # A file that nobody can read must not lock anybody out.
        (self.trust_folder / "trusted" / "certs" / "notes.txt").write_text("not a certificate")
        key = {"X-API-Key": self.gateway.admin_key}
        rest = self.gateway.endpoints["http"] + "/api/v1/opcua/certificates"
        known = requests.get(rest, headers=key, timeout=30).json()["certificates"]
        self.assertEqual([each["code"] for each in known if each["state"] == "rejected"],
                         ["unknown_issuer"])
        answer = requests.post(f"{rest}/{reason.stem}/trust", headers=key, timeout=30)
        self.assertEqual(answer.json()["state"], "trusted", answer.text)
        self.connect(name="at-once")
        sessions = self.gateway.json("/api/v1/opcua/sessions")["sessions"]
        self.assertEqual([each["user"] for each in sessions], ["user:factorytalk"])
        self.peer.call("disconnect", name="at-once")
        answer = requests.delete(f"{rest}/{reason.stem}/trust", headers=key, timeout=30)
        self.assertEqual(answer.json()["state"], "rejected", answer.text)
        self.refusal()
        self.modax("opcua", "trust", reason.stem[:12])
        wait_for(self.attempt, "the certificate to be trusted without a restart", SOON)
        self.assertTrue(self.gateway.json("/api/v1/audit", action="opcua_certificate.trust")["rows"])
        self.modax("opcua", "untrust", reason.stem)
        wait_for(lambda: not self.attempt(name="later"), "the client to be refused again", SOON)

    def test_a_bad_certificate_is_told_from_another(self):
        """As far as openssl's command makes them; unit/opcua has the others."""
        def reasons():
            return {each.read_text().split()[0]
                    for each in (self.trust_folder / "rejected").glob("*.reason")}

        make = self.certificates.make
        bad = {
            "ca_flag": make("authority", ca=True),
            "key_usage": make("usage", usage="digitalSignature"),
            "extended_key_usage": make("extended", extended="codeSigning"),
            "uri_mismatch": make("uri", uri="urn:modax:another"),
        }
        for code, (certificate, key) in bad.items():
            with self.subTest(code=code):
                self.trust(certificate)

                # Again, because it may not have been seen in the trust folder at first.
                def told(c=code, both=(certificate, key)):
                    self.refusal(certificate=both)
                    return c in reasons()

                wait_for(told, code, SOON)

    def test_every_policy_and_mode(self):
        self.trusted()
        for policy in ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"):
            for mode in ("Sign", "SignAndEncrypt"):
                with self.subTest(policy=policy, mode=mode):
                    name = f"{policy}-{mode}"
                    self.connect(name=name, policy=policy, mode=mode)
                    self.assertEqual(
                        self.peer.call("read", name=name, nodes=["i=2259"])[0]["status"], "Good")
                    self.peer.call("disconnect", name=name)

    def test_who_is_not_known_does_not_come_in(self):
        self.trusted()
        wrong = {"name": "factorytalk", "password": "wrong"}
        self.assertIn("BadUserAccessDenied", self.refusal(user=wrong))
        self.assertIn("BadUserAccessDenied",
                      self.refusal(user={"name": "nobody", "password": PASSWORD}))
        self.refusal(user=None)
        self.refusal(policy="None", mode="None")

    def test_a_user_comes_in_with_a_certificate(self):
        self.trusted()
        certificate, key = self.certificates.make("factorytalk")
        user = {"certificate": str(certificate), "key": str(key)}
        self.refusal(user=user)
        self.trust(certificate)

        def attempt():
            try:
                return self.connect(name="by-certificate", user=user)
            except OpcUaError:
                return False

        wait_for(attempt, "the user's certificate to be trusted", SOON)

    def test_a_user_sees_only_its_devices_and_leaves_with_its_rights(self):
        self.trusted()
        for device in ("cnc-01", "press-01"):
            self.publish(device, temperature=1)
            wait_for(lambda d=device: self.value(f"MODAX.Devices.{d.upper()}.Temperature")["value"],
                     device, SOON)
        self.connect(name="narrow", user={"name": "cnc-01", "password": PASSWORD})
        denied = self.value("MODAX.Devices.PRESS-01.Temperature", name="narrow")
        self.assertEqual(denied["status"], "BadUserAccessDenied")
        self.modax("user", "remove", "factorytalk")

        wait_for(lambda: self.gateway.metrics().total("modax_opcua_sessions") == 1,
                 "the session of a removed user to end", SOON)

    def test_a_renewed_certificate_ends_no_session(self):
        self.trusted()
        self.publish("cnc-01", temperature=1)
        wait_for(lambda: self.value("MODAX.Devices.CNC-01.Temperature")["value"] == 1, "it", SOON)

        def own():
            known = self.gateway.json("/api/v1/opcua/certificates")["certificates"]
            return next(each for each in known if each["state"] == "own")

        def in_use():
            told = self.gateway.log()
            return "the server's certificate is renewed" in told

        before = own()
        expiry = self.gateway.metrics().total("modax_opcua_certificate_expiry_timestamp_seconds")
        self.assertIn("take", self.modax("opcua", "renew"))
        wait_for(in_use, "the server to take it", SOON)
        self.assertNotEqual(own()["thumbprint"], before["thumbprint"])
        self.assertGreater(
            self.gateway.metrics().total("modax_opcua_certificate_expiry_timestamp_seconds"), expiry)
        self.assertEqual(self.value("MODAX.Devices.CNC-01.Temperature")["value"], 1)
        self.connect(name="anew")
        self.assertEqual(self.peer.call("read", name="anew", nodes=["i=2259"])[0]["status"], "Good")
        self.assertTrue(self.gateway.json("/api/v1/audit", action="opcua_certificate.renew")["rows"])

    def test_a_revoked_certificate_is_refused(self):
        make = self.certificates.make
        authority = make("plant-ca", ca=True, usage="keyCertSign,cRLSign", extended=None)
        client = make("revoked-client", issuer=authority)
        folder = self.directory / "authority"
        folder.mkdir()
        (folder / "index.txt").touch()
        (folder / "number").write_text("01")
        settings = folder / "openssl.cnf"
        settings.write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={folder}/index.txt\ncrlnumber={folder}/number\n"
            "default_md=sha256\ndefault_crl_days=30\n")

        def publish_list():
            self.certificates.run(
                "ca", "-config", settings, "-gencrl", "-cert", authority[0], "-keyfile", authority[1],
                "-out", folder / "list.pem")
            (self.trust_folder / "trusted" / "crl" / "list.pem").write_bytes(
                (folder / "list.pem").read_bytes())

        publish_list()
        self.trust(authority[0])
        wait_for(lambda: self.attempt(certificate=client), "the authority to be trusted", SOON)
        self.peer.call("disconnect", name="client")
        self.certificates.run("ca", "-config", settings, "-revoke", client[0], "-cert", authority[0],
                              "-keyfile", authority[1])
        publish_list()
        wait_for(lambda: not self.attempt(certificate=client, name="later"), "the refusal", SOON)

        def reasons():
            return {each.read_text().split()[0]
                    for each in (self.trust_folder / "rejected").glob("*.reason")}

        wait_for(lambda: "revoked" in reasons(), "the reason", SOON)

    def test_sessions_and_refusals_are_in_the_audit_and_the_metrics(self):
        self.refusal()
        self.trusted()

        def rows():
            found = self.gateway.json("/api/v1/audit", action="session.open")["rows"]
            mine = [each for each in found if each["via"] == "opcua"]
            results = {each["result"] for each in mine}
            return {"ok", "refused"} <= results and mine

        wait_for(rows, "the rows", SOON)
        metrics = self.gateway.metrics()
        self.assertEqual(metrics.total("modax_opcua_sessions"), 1)
        self.assertGreaterEqual(metrics.total("modax_opcua_refused_total"), 1)


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
