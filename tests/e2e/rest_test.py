"""REST as an integrator meets it."""
from gateway_case import GatewayCase, reading


class Rest(GatewayCase):
    def setUp(self):
        super().setUp()
        self.running = self.gateway()
        self.client(self.running).publish("modax/sensor/data/cnc-01", reading("cnc-01", 1), 1)

    def test_wrong_keys_get_a_problem(self):
        gateway = self.running
        right = gateway.admin_key
        flipped = right[:-1] + ("a" if right[-1] != "a" else "b")
        for key in ("", "wrong", flipped, right + "x"):
            for path in ("/api/v1/devices", "/api/v1/devices/cnc-01/data", "/api/v1/quarantine"):
                with self.subTest(key=key[:12], path=path):
                    answer = gateway.get(path, key=key)
                    self.assertEqual(answer.status_code, 401)
                    self.assertTrue(
                        answer.headers["Content-Type"].startswith("application/problem+json")
                    )
                    problem = answer.json()
                    self.assertEqual(problem["status"], 401)
                    self.assertTrue(problem["type"] and problem["title"])
                    self.assertNotIn(right, answer.text)

    def test_latest_value(self):
        answer = self.running.json("/api/v1/devices/cnc-01/data")
        self.assertEqual((answer["device_id"], answer["temperature"]), ("cnc-01", 41))
        again = self.running.json("/api/v1/devices/CNC-01/data")
        self.assertEqual(again, answer)

    def test_unknown_device_is_not_found(self):
        answer = self.running.get("/api/v1/devices/nobody/data")
        self.assertEqual(answer.status_code, 404)
        self.assertTrue(answer.headers["Content-Type"].startswith("application/problem+json"))

    def test_bad_parameter_is_named(self):
        answer = self.running.get("/api/v1/devices/cnc-01/history", params={"limit": "many"})
        self.assertIn(answer.status_code, (400, 422))
        self.assertIn("limit", answer.text)

    def test_health_and_ready_need_no_key(self):
        for path in ("/health", "/ready"):
            self.assertEqual(self.running.get(path, key="").status_code, 200, path)

    def test_etag(self):
        first = self.running.get("/api/v1/devices/cnc-01/data")
        tag = first.headers.get("ETag")
        self.assertTrue(tag)
        again = self.running.get("/api/v1/devices/cnc-01/data", headers={"If-None-Match": tag})
        self.assertEqual(again.status_code, 304)

    def test_history_pages(self):
        gateway = self.running
        client = self.client(gateway, "second")
        for sequence in range(2, 26):
            client.publish("modax/sensor/data/cnc-01", reading("cnc-01", sequence), 1)
        found, cursor = [], None
        while True:
            parameters = {"limit": 7, "start": "2000-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
            if cursor:
                parameters["cursor"] = cursor
            page = gateway.json("/api/v1/devices/cnc-01/history", **parameters)
            self.assertLessEqual(len(page["readings"]), 7)
            found += [each["seq"] for each in page["readings"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        self.assertEqual(found, list(range(1, 26)))
