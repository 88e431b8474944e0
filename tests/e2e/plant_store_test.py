"""A real gateway and a real PostgreSQL: what was acknowledged arrives there once, whatever happens
to the database and to the gateway on the way."""
import unittest

from gateway_case import GatewayCase, reading
from modax_test.postgres import PASSWORD, Postgres
from modax_test.waiting import wait_for


class PlantCase(GatewayCase):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres()
        self.addCleanup(self.postgres.kill)
        self.postgres.start()
        secret = self.directory / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        self.settings = {
            "database.url": self.postgres.url,
            "database.password": f"file:{secret}",
            "database.connect_timeout": "1s",
            "database.statement_timeout": "2s",
            "database.interval": "50ms",
        }

    def count(self):
        done = self.postgres.sql("SELECT count(*), count(DISTINCT seq) FROM sensor_data",
                                 check=False)
        if done.returncode != 0:
            return None
        rows, distinct = map(int, done.stdout.split("|"))
        self.assertEqual(rows, distinct)
        return rows

    def wait_for_rows(self, rows, timeout=90):
        wait_for(lambda: self.count() == rows, f"{rows} rows in PostgreSQL", timeout, 0.2)

    def publish(self, client, first, count):
        """Acknowledged when it returns."""
        waiting = [client.publish("modax/sensor/data/cnc-01", reading("cnc-01", number), qos=1)
                   for number in range(first, first + count)]
        for each in waiting:
            if hasattr(each, "wait_for_publish"):
                each.wait_for_publish(30)
                self.assertTrue(each.is_published())

    def part(self, gateway):
        parts = gateway.get("/ready").json()["parts"]
        return next(each for each in parts if each["part"] == "database")


class Forwarding(PlantCase):
    def test_rows_arrive_and_figures_tell_it(self):
        gateway = self.gateway()
        client = self.client(gateway)
        self.publish(client, 0, 500)
        self.wait_for_rows(500)
        self.assertEqual(self.postgres.sql("SELECT device_id FROM device_latest"), ["cnc-01"])
        wait_for(lambda: gateway.metrics().total("modax_forward_pending_rows") == 0,
                 "nothing waits", 20, 0.1)
        self.assertEqual(gateway.metrics().total("modax_forward_connected"), 1)
        self.assertEqual(self.part(gateway), {"part": "database", "ready": True, "detail": ""})

    def test_a_row_that_postgres_cannot_hold_goes_to_the_quarantine(self):
        gateway = self.gateway()
        client = self.client(gateway)
        self.publish(client, 0, 50)
        self.wait_for_rows(50)
        # As a site may have added one.
        self.postgres.sql("ALTER TABLE sensor_data ADD CHECK (temperature < 1000)")
        poison = reading("cnc-01", 1000, temperature=4711)
        client.publish("modax/sensor/data/cnc-01", poison, qos=1)
        self.publish(client, 50, 50)
        self.wait_for_rows(100)
        found = wait_for(lambda: gateway.get("/api/v1/quarantine").json()["messages"],
                         "a row in the quarantine", 20, 0.1)
        self.assertEqual([each["reason"] for each in found], ["refused_by_plant_store"])

    def test_what_was_stored_before_there_was_a_database_arrives_too(self):
        plant, self.settings = self.settings, {}
        gateway = self.gateway()
        self.publish(self.client(gateway), 0, 300)
        gateway.stop()
        gateway.settings.update(plant)
        gateway.start()
        self.publish(self.client(gateway, "second"), 300, 100)
        self.wait_for_rows(400)


class Outages(PlantCase):
    def outage(self, begin, end):
        gateway = self.gateway()
        client = self.client(gateway)
        self.publish(client, 0, 200)
        self.wait_for_rows(200)
        begin()
        self.publish(client, 200, 2000)
        wait_for(lambda: self.part(gateway)["detail"], "the outage in /ready", 30, 0.1)
        self.assertTrue(self.part(gateway)["ready"])
        self.publish(client, 2200, 300)
        self.assertGreater(gateway.metrics().total("modax_forward_pending_rows"), 0)
        end()
        self.wait_for_rows(2500)
        wait_for(lambda: not self.part(gateway)["detail"], "the end of it in /ready", 30, 0.1)

    def test_postgres_is_stopped_and_started_again(self):
        self.outage(self.postgres.stop, self.postgres.start)

    def test_postgres_hangs(self):
        self.outage(self.postgres.pause, self.postgres.resume)

    def test_the_gateway_is_killed_while_it_forwards(self):
        gateway = self.gateway()
        self.publish(self.client(gateway), 0, 100)
        self.wait_for_rows(100)
        self.postgres.stop()
        self.publish(self.client(gateway, "second"), 100, 5000)
        self.postgres.start()
        for _ in range(3):
            before = self.count()
            wait_for(lambda: self.count() != before or self.count() == 5100, "rows", 60, 0.01)
            gateway.kill()
            gateway.start()
        self.wait_for_rows(5100)


if __name__ == "__main__":
    unittest.main()
