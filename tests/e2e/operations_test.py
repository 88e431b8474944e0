"""Production orders, quality and equipment as the requirement writes them: each JSON as printed is
taken, durable, and comes back; never booked twice."""
import json
import threading
import unittest

import requests
import websocket
from gateway_case import GatewayCase, now, reading
from modax_test.waiting import wait_for

# As printed in the requirement.
COMPLETION = """{
  "quantity_produced": 100,
  "quantity_rejected": 2,
  "completion_time": "2025-12-09T10:30:00Z",
  "device_id": "cnc-machine-01"
}"""
RESULTS = """{
  "device_id": "cnc-machine-01",
  "characteristics": [
    {"name": "dimension_x", "measured_value": 10.02, "target": 10.0, "tolerance": 0.05},
    {"name": "surface_roughness", "measured_value": 1.2, "target": 1.0, "tolerance": 0.3}
  ],
  "result": "passed",
  "timestamp": "2025-12-09T10:30:00Z"
}"""
STATUS = """{
  "device_id": "cnc-machine-01",
  "status": "down",
  "reason_code": "maintenance",
  "downtime_start": "2025-12-09T10:00:00Z",
  "downtime_end": "2025-12-09T11:30:00Z"
}"""
ORDERS = "/api/v1/production/orders"
LOT = "/api/v1/quality/inspection-lot/890000000001"


def post(gateway, path, body, key=None, **headers):
    data = body if isinstance(body, str) else json.dumps(body)
    return requests.post(
        gateway.endpoints["http"].rstrip("/") + path, data=data, timeout=30,
        headers={"X-API-Key": key or gateway.admin_key, "Content-Type": "application/json",
                 **{name.replace("_", "-"): value for name, value in headers.items()}},
    )


class Operations(GatewayCase):
    def running(self):
        """A gateway, and a key that may all of this."""
        gateway = self.gateway()
        made = post(gateway, "/api/v1/keys", {"name": "erp", "scopes": ["*"]})
        if made.status_code == 403:
            self.fail(made.text)
        self.key = made.json()["key"]
        return gateway

    def post(self, gateway, path, body, status=None, key=None, **headers):
        answer = post(gateway, path, body, key or self.key, **headers)
        if status is not None:
            self.assertEqual(answer.status_code, status, answer.text)
        return answer

    def read(self, gateway, path, status=200, key=None):
        answer = gateway.get(path, key=key or self.key)
        self.assertEqual(answer.status_code, status, answer.text)
        return answer.json()


class AsPrinted(Operations):
    def test_each_json_of_the_requirement_is_taken_and_comes_back_after_a_kill(self):
        gateway = self.running()
        self.post(gateway, f"{ORDERS}/1000815/complete", COMPLETION, 200)
        self.post(gateway, f"{LOT}/results", RESULTS, 201)
        self.post(gateway, "/api/v1/equipment/status", STATUS, 201)
        gateway.kill()
        gateway.start()
        order = self.read(gateway, f"{ORDERS}/1000815")
        printed = json.loads(COMPLETION)
        for name, value in printed.items():
            self.assertEqual(order[name], value, name)
            self.assertEqual(order["reports"][0][name], value, name)
        self.assertEqual(order["reports"][0]["BUDAT"], "2025-12-09")
        lot = self.read(gateway, f"{LOT}/results")["results"][0]
        printed = json.loads(RESULTS)
        for name in ("device_id", "result", "timestamp"):
            self.assertEqual(lot[name], printed[name], name)
        for found, sent in zip(lot["characteristics"], printed["characteristics"], strict=True):
            self.assertEqual({**found, **sent}, found)
            self.assertTrue(found["passed"])
        self.assertTrue(lot["result_agrees"])
        status = self.read(gateway, "/api/v1/equipment/status?device_id=cnc-machine-01")
        self.assertEqual(status["statuses"][0] | json.loads(STATUS), status["statuses"][0])

    def test_statistics_have_what_the_sap_integration_reads(self):
        gateway = self.running()
        client = self.client(gateway)
        client.publish("modax/sensor/data/cnc-machine-01", reading("cnc-machine-01", 1), qos=1)
        self.wait_for_readings(gateway, "cnc-machine-01", 1)
        self.post(gateway, f"{ORDERS}/1000815/complete", COMPLETION, 200)
        statistics = self.read(gateway, "/api/v1/devices/cnc-machine-01/statistics")
        self.assertEqual(statistics["order_id"], "1000815")
        self.assertEqual(statistics["quantity_produced"], 100)
        self.assertEqual(statistics["quantity_rejected"], 2)
        self.assertEqual(statistics["production_date"], "2025-12-09")

    def test_the_names_of_sap_are_taken_as_well(self):
        gateway = self.running()
        self.post(gateway, ORDERS, {"AUFNR": "7", "quantity": 10, "unit": "PC"}, 201)
        sent = {"AUFNR": "7", "GMNGA": 9, "AUSSS": 1, "BUDAT": "2025-12-09"}
        self.post(gateway, f"{ORDERS}/7/complete", {**sent, "AUFNR": "8"}, 422)
        self.post(gateway, f"{ORDERS}/7/complete", sent, 200)
        report = self.read(gateway, f"{ORDERS}/7")["reports"][0]
        self.assertEqual({**report, **sent}, report)


class NeverTwice(Operations):
    def test_the_same_key_gets_the_same_answer_over_a_kill(self):
        gateway = self.running()
        path = f"{ORDERS}/1/complete"
        first = self.post(gateway, path, COMPLETION, 200, Idempotency_Key='"a-1"')
        gateway.kill()
        gateway.start()
        again = self.post(gateway, path, COMPLETION, 200, Idempotency_Key='"a-1"')
        self.assertEqual(again.text, first.text)
        self.post(gateway, path, {"quantity_produced": 1}, 422, Idempotency_Key='"a-1"')
        self.post(gateway, path, COMPLETION, 400, Idempotency_Key='""')
        self.post(gateway, path, COMPLETION, 409)
        self.assertEqual(len(self.read(gateway, f"{ORDERS}/1")["reports"]), 1)

    def test_many_at_once_with_one_key_book_once(self):
        gateway = self.running()
        body = {"quantity_produced": 1, "final": False}
        codes = []

        def send():
            codes.append(
                post(gateway, f"{ORDERS}/2/complete", body, self.key, Idempotency_Key='"x"').status_code
            )

        threads = [threading.Thread(target=send) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(200, codes)
        self.assertLessEqual(set(codes), {200, 409})
        self.assertEqual(self.read(gateway, f"{ORDERS}/2")["quantity_produced"], 1)

    def test_what_was_answered_is_there_after_a_kill_at_any_time(self):
        gateway = self.running()
        kept = []
        for burst in range(3):
            stop = threading.Event()

            def send(burst=burst, stop=stop):
                for number in range(10_000):
                    order = f"K{burst}-{number}"
                    try:
                        if post(gateway, f"{ORDERS}/{order}/complete", COMPLETION,
                                self.key).status_code == 200:
                            kept.append(order)
                    except requests.RequestException:
                        return
                    if stop.is_set():
                        return

            sender = threading.Thread(target=send)
            sender.start()
            before = len(kept)
            wait_for(lambda before=before: len(kept) >= before + 20, "20 reports", 30)
            gateway.kill()
            stop.set()
            sender.join()
            gateway.start()
        rows = dict(gateway.query("SELECT order_id, count(*) FROM production_reports GROUP BY 1"))
        self.assertEqual([order for order in kept if rows.get(order) != 1], [])
        # One event, one audit row for each, and no gap.
        events = gateway.query(
            "SELECT count(*), max(sequence), count(DISTINCT object_key) FROM business_events"
        )[0]
        self.assertEqual(events, (len(rows),) * 3)
        audited = gateway.query(
            "SELECT count(*) FROM audit_log WHERE action='production.completed' AND result='ok'"
        )[0][0]
        self.assertEqual(audited, len(rows))


class Figures(Operations):
    def test_capability_of_what_was_printed(self):
        gateway = self.running()
        for _ in range(2):
            self.post(gateway, f"{LOT}/results", RESULTS, 201)
        path = "/api/v1/quality/capability?characteristic=dimension_x"
        found = self.read(gateway, path + "&device_id=cnc-machine-01")
        self.assertEqual(found["count"], 2)
        self.assertAlmostEqual(found["upper_limit"], 10.05)
        self.assertIsNone(found["cpk"], "there is no variation")
        self.read(gateway, "/api/v1/quality/capability", 422)

    def test_oee_counts_the_shifts_and_late_downtimes(self):
        gateway = self.gateway(settings={"operations.shifts": "tue 08:00-16:00"})
        self.key = gateway.admin_key
        client = self.client(gateway)
        client.publish("modax/sensor/data/cnc-machine-01", reading("cnc-machine-01", 1), qos=1)
        self.wait_for_readings(gateway, "cnc-machine-01", 1)
        self.post(gateway, ORDERS, {"order_id": "9", "ideal_cycle_seconds": 200}, 201)
        self.post(gateway, f"{ORDERS}/9/complete", COMPLETION, 200)
        path = "/api/v1/devices/cnc-machine-01/statistics?start=2025-12-09&end=2025-12-10"
        self.assertEqual(self.read(gateway, path)["oee"]["availability"], 1)
        self.post(gateway, "/api/v1/equipment/status", STATUS, 201)
        oee = self.read(gateway, path)["oee"]
        self.assertEqual(oee["planned_seconds"], 8 * 3600)
        self.assertEqual(oee["downtime_seconds"], 1.5 * 3600)
        self.assertAlmostEqual(oee["availability"], 6.5 / 8)
        self.assertAlmostEqual(oee["performance"], 102 * 200 / (6.5 * 3600))
        self.assertAlmostEqual(oee["quality"], 100 / 102)
        self.assertAlmostEqual(oee["oee"], 100 * 200 / (8 * 3600))


class Everyone(Operations):
    def test_events_go_out_by_mqtt(self):
        gateway = self.running()
        client = self.client(gateway)
        client.subscribe("modax/production/#", 1)
        client.subscribe("modax/quality/#", 1)
        client.subscribe("modax/equipment/#", 1)
        self.post(gateway, f"{ORDERS}/1000815/complete", COMPLETION, 200)
        self.post(gateway, f"{LOT}/results", RESULTS, 201)
        self.post(gateway, "/api/v1/equipment/status", STATUS, 201)
        wait_for(lambda: len(client.messages) >= 3, "three events", 10)
        found = {message.topic: json.loads(message.payload) for message in client.messages}
        self.assertEqual(found["modax/production/1000815"]["type"], "production.completed")
        self.assertEqual(found["modax/production/1000815"]["AUFNR"], "1000815")
        self.assertEqual(found["modax/quality/890000000001"]["computed_result"], "passed")
        self.assertEqual(
            found["modax/equipment/status/cnc-machine-01"]["reason_code"], "maintenance"
        )
        self.assertEqual([message.qos for message in client.messages], [1, 1, 1])

    def test_events_go_out_by_websocket_to_keys_for_all_devices(self):
        gateway = self.running()
        url = gateway.endpoints["ws"] + "?kinds=production"
        live = websocket.create_connection(url, header=[f"X-API-Key: {self.key}"], timeout=10)
        self.addCleanup(live.close)
        self.post(gateway, "/api/v1/equipment/status", STATUS, 201)
        self.post(gateway, f"{ORDERS}/3/complete", COMPLETION, 200)
        notice = json.loads(live.recv())
        self.assertEqual(notice["type"], "production")
        self.assertEqual(notice["data"]["type"], "production.completed")
        self.assertEqual(notice["data"]["order_id"], "3")
        self.assertEqual(notice["data"]["event_sequence"], 2)
        for scopes in ({"scopes": ["readings:read"]},
                       {"scopes": ["readings:read", "production:read"], "devices": ["cnc-*"]}):
            made = self.post(gateway, "/api/v1/keys", {"name": "cell", **scopes}, 201).json()
            with self.assertRaises(websocket.WebSocketBadStatusException) as refused:
                websocket.create_connection(url, header=[f"X-API-Key: {made['key']}"], timeout=10)
            self.assertEqual(refused.exception.status_code, 403)

    def test_a_key_for_another_device_learns_nothing(self):
        gateway = self.running()
        made = self.post(gateway, "/api/v1/keys",
                         {"name": "cell 2", "scopes": ["production:read", "production:write"],
                          "devices": ["cnc-machine-02"]}, 201)
        other = made.json()["key"]
        self.post(gateway, f"{ORDERS}/5/complete", {**json.loads(COMPLETION), "final": False}, 200)
        self.read(gateway, f"{ORDERS}/5", 404, other)
        self.assertEqual(self.read(gateway, ORDERS, key=other)["orders"], [])
        self.post(gateway, f"{ORDERS}/5/complete", COMPLETION, 404, other)
        self.post(gateway, f"{ORDERS}/6/complete", COMPLETION, 403, other)
        self.post(gateway, "/api/v1/equipment/status", STATUS, 403, other)
        refused = wait_for(
            lambda: gateway.json("/api/v1/audit", action="production.write", result="refused")["rows"],
            "the refusal in the audit log", 10,
        )
        self.assertEqual(refused[0]["object"], f"path:{ORDERS}/6/complete")

    def test_wrong_bodies_are_refused_by_field(self):
        gateway = self.running()
        answer = self.post(gateway, f"{LOT}/results",
                           {"characteristics": [{"name": "x", "measured_value": "big"}]}, 422)
        self.assertEqual(answer.json()["errors"][0]["field"], "characteristics[0].measured_value")
        answer = self.post(gateway, f"{ORDERS}/1/complete", {"quantity_produced": -1}, 422)
        self.assertEqual(answer.json()["errors"][0]["field"], "quantity_produced")
        self.post(gateway, "/api/v1/equipment/status", {"device_id": "a", "status": "odd"}, 422)
        self.post(gateway, "/api/v1/equipment/status", "{", 400)

    def test_an_order_is_made_started_listed_and_read(self):
        gateway = self.running()
        start = now().isoformat()
        self.post(gateway, ORDERS, {"order_id": "A", "material": "FG-100", "quantity": 5,
                                    "unit": "PC", "planned_start": start}, 201)
        self.post(gateway, ORDERS, {"order_id": "A"}, 409)
        self.post(gateway, f"{ORDERS}/A/start", {"device_id": "cnc-01"}, 200)
        self.post(gateway, f"{ORDERS}/A/interrupt", "", 200)
        self.post(gateway, f"{ORDERS}/A/interrupt", "", 409)
        found = self.read(gateway, f"{ORDERS}?status=interrupted&device_id=CNC-01")["orders"]
        self.assertEqual([order["order_id"] for order in found], ["A"])
        self.read(gateway, f"{ORDERS}/B", 404)


if __name__ == "__main__":
    unittest.main()
