"""Reports into another system: every one delivered, none booked twice, whatever fails between."""
import os
import pathlib
import subprocess
import unittest

from modax_test.sap_peer import PASSWORD, SapPeer
from modax_test.waiting import wait_for
from operations_test import ORDERS, Operations

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "connectors"
REPORTS = int(os.environ.get("MODAX_DELIVERY_REPORTS", "300"))


class Deliveries(Operations):
    """A gateway with the shipped SAP connector, turned to a strict peer on loopback."""

    networks = "127.0.0.0/8"

    def setUp(self):
        super().setUp()
        self.sap = SapPeer()
        self.addCleanup(self.sap.close)
        self.connectors = self.directory / "connectors"
        self.connectors.mkdir()
        text = (SHIPPED / "sap-s4hana.toml").read_text()
        text = text.replace("https://my-api.example.com", self.sap.url)
        text = text.replace("per_second = 10", "per_second = 5000")
        (self.connectors / "sap.toml").write_text(text)

    def gateway(self, start=True, **options):
        return super().gateway(
            start,
            settings={
                "connectors.directory": self.connectors,
                "connectors.allowed_hosts": "127.0.0.1",
                "connectors.allowed_networks": self.networks,
                **options.pop("settings", {}),
            },
            environment={"MODAX_SAP_PASSWORD": PASSWORD},
            **options,
        )

    def complete(self, gateway, order, produced=10):
        self.post(
            gateway, f"{ORDERS}/{order}/complete",
            {"quantity_produced": produced, "quantity_rejected": 1}, 200, Idempotency_Key=f'"{order}"',
        )

    def outbox(self, gateway, **query):
        answer = gateway.get("/api/v1/outbox", key=self.key, params={"limit": 1000, **query})
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["deliveries"]

    def modax(self, gateway, *arguments):
        """What `modax outbox` prints beside the running gateway."""
        done = subprocess.run(
            [gateway.program, "outbox", *arguments, "--data-dir", gateway.data],
            capture_output=True, text=True, timeout=30, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def wait_until_delivered(self, gateway, count, timeout=120):
        wait_for(
            lambda: len(self.outbox(gateway, state="delivered")) >= count,
            f"{count} deliveries", timeout, 0.2,
        )


class NeverTwice(Deliveries):
    def test_lost_replies(self):
        """Three in ten replies are lost after the commit: each report is booked once."""
        self.sap.lose = 0.3
        gateway = self.running()
        orders = [str(1_000_000 + i) for i in range(REPORTS)]
        for i, order in enumerate(orders):
            self.complete(gateway, order, i)
        self.wait_until_delivered(gateway, min(REPORTS, 1000), 400)
        self.assertEqual(sorted(self.sap.orders()), orders)
        booked = sum(int(row["ConfirmationYieldQuantity"]) for row in self.sap.postings)
        self.assertEqual(booked, sum(range(REPORTS)))
        self.assertGreater(self.sap.lookups, REPORTS // 10, "doubts were looked up")

    def test_kill_while_delivering(self):
        """kill -9 again and again, with lost replies as well."""
        self.sap.lose = 0.2
        gateway = self.running()
        orders = [str(2_000_000 + i) for i in range(120)]
        for order in orders:
            self.complete(gateway, order)
        for rounds in range(1, 5):
            reached = min(rounds * 20, len(orders))
            wait_for(lambda: len(self.sap.orders()) >= reached, f"{reached} postings", 60, 0.01)
            gateway.kill()
            gateway.start()
        self.wait_until_delivered(gateway, len(orders), 200)
        self.assertEqual(sorted(self.sap.orders()), orders)


class Faults(Deliveries):
    def test_a_refused_report_delays_no_other_and_is_retried(self):
        gateway = self.running()
        self.sap.refuse.add("3000005")
        orders = [str(3_000_000 + i) for i in range(20)]
        for order in orders:
            self.complete(gateway, order)
        self.wait_until_delivered(gateway, 19)
        dead = wait_for(lambda: self.outbox(gateway, state="dead"), "the dead one", 10)
        self.assertEqual([each["object"] for each in dead], ["order:3000005"])
        path = f"/api/v1/outbox/{dead[0]['id']}"
        shown = self.read(gateway, path)
        self.assertIn("locked for ever", shown["reason"])
        self.assertIn('"OrderID":"3000005"', shown["request"])
        self.assertIn("RU/032", shown["answer"])
        self.assertNotIn("Basic", shown["request"])
        self.assertIn("Authorization: ***", shown["request"])
        self.assertNotIn(PASSWORD, gateway.log())
        listed = self.modax(gateway, "list", "--state", "dead")
        self.assertIn("order:3000005", listed)
        self.assertIn("RU/032", self.modax(gateway, "show", str(dead[0]["id"])))
        self.sap.refuse.clear()
        self.post(gateway, path + "/retry", {"reason": "unlocked"}, 200)
        self.wait_until_delivered(gateway, 20)
        self.assertEqual(sorted(self.sap.orders()), orders)
        audited = self.read(gateway, "/api/v1/audit?action=delivery.retry")
        self.assertIn("unlocked", str(audited))

    def test_the_other_system_is_away(self):
        """Reports are accepted; the circuit opens, so that only few calls are made; then all arrive."""
        gateway = self.running()
        self.sap.away = True
        for i in range(30):
            self.complete(gateway, str(4_000_000 + i))
        wait_for(
            lambda: gateway.metrics().total("modax_delivery_circuit_open"), "an open circuit", 60, 0.2
        )

        def all_wait():
            metrics = gateway.metrics()
            waiting = metrics.total("modax_outbox_depth") + metrics.total("modax_outbox_in_doubt")
            return waiting == 30 and metrics.total("modax_outbox_oldest_seconds") > 0

        wait_for(all_wait, "30 that wait in the metrics", 10, 0.2)
        self.assertEqual(self.sap.postings, [])
        self.sap.away = False
        self.wait_until_delivered(gateway, 30)
        self.assertEqual(len(set(self.sap.orders())), 30)
        self.assertEqual(len(self.sap.orders()), 30)

    def test_mappings_that_run_wild_harm_nobody(self):
        """An endless loop, one that eats memory, one that prints without end: set aside with the reason."""
        wild = {"loop": "def f: f; f", "memory": "[range(1000000000)]", "flood": '"x" * 100000000'}
        for name, mapping in wild.items():
            (self.connectors / f"{name}.toml").write_text(
                f'name = "{name}"\nevents = ["production.completed"]\n[request]\n'
                f'url = "{self.sap.url}/never"\nmapping = \'{mapping}\'\n'
            )
        gateway = self.running()
        self.complete(gateway, "5000001")
        dead = wait_for(
            lambda: len(found := self.outbox(gateway, state="dead")) == 3 and found, "three dead", 60, 0.2
        )
        self.assertEqual({each["connector"] for each in dead}, set(wild))
        for each in dead:
            self.assertIn("was ended", each["reason"], each["connector"])
        self.wait_until_delivered(gateway, 1)
        self.assertEqual(self.sap.orders(), ["5000001"])

    def test_an_access_token_is_fetched_and_renewed(self):
        file = self.connectors / "sap.toml"
        file.write_text(
            file.read_text()
            .replace('kind = "basic"', f'kind = "oauth2"\ntoken_url = "{self.sap.url}/token"\nscope = "confirmations"')
            .replace('user = "MODAX"', 'client_id = "MODAX"')
        )
        gateway = self.running()
        self.complete(gateway, "8000001")
        self.wait_until_delivered(gateway, 1)
        self.assertEqual(len(self.sap.tokens), 1)
        revoked = self.sap.tokens.pop()
        self.complete(gateway, "8000002")
        self.wait_until_delivered(gateway, 2)
        self.assertEqual(self.sap.orders(), ["8000001", "8000002"])
        shown = gateway.get("/api/v1/outbox/2", key=self.key).text
        self.assertNotIn(revoked, shown + gateway.log())
        self.assertNotIn(self.sap.tokens.pop(), shown + gateway.log())

    def test_a_discarded_one_makes_way_for_the_later_ones(self):
        gateway = self.running()
        self.sap.refuse.add("9000001")
        for final in (False, True):
            self.post(
                gateway, f"{ORDERS}/9000001/complete",
                {"quantity_produced": 1, "quantity_rejected": 0, "final": final}, 200,
            )
        dead = wait_for(lambda: self.outbox(gateway, state="dead"), "the dead one", 10)
        self.assertEqual(len(self.outbox(gateway, state="queued")), 1, "it waits for the first")
        self.sap.refuse.clear()
        self.modax(gateway, "discard", str(dead[0]["id"]), "--reason", "booked by hand")
        self.wait_until_delivered(gateway, 1)
        self.assertEqual([row["IsFinalConfirmation"] for row in self.sap.postings], [True])

    def test_reports_of_one_order_arrive_in_order(self):
        gateway = self.running()
        for i in range(1, 21):
            self.post(
                gateway, f"{ORDERS}/6000001/complete",
                {"quantity_produced": i, "quantity_rejected": 0, "final": i == 20}, 200,
            )
        self.wait_until_delivered(gateway, 20)
        booked = [int(row["ConfirmationYieldQuantity"]) for row in self.sap.postings]
        self.assertEqual(booked, list(range(1, 21)))

    def test_an_address_that_is_not_listed_is_not_called(self):
        self.networks = ""
        gateway = self.running()
        self.complete(gateway, "7000001")
        problem = wait_for(
            lambda: self.read(gateway, "/api/v1/connectors")["connectors"][0]["last_problem"], "a refusal", 10
        )
        self.assertIn("allowed_networks", problem)
        self.assertEqual(self.sap.requests, 0)


if __name__ == "__main__":
    unittest.main()
