"""The analysis in the gateway: found as it happens, told everywhere, kept, and never in the way."""
import datetime
import json
import pathlib
import random
import signal

import requests
import websocket
from gateway_case import GatewayCase, now
from modax_test.tools import run
from modax_test.waiting import wait_for

HERE = pathlib.Path(__file__).resolve().parent / "requirement"
USUAL = 3000  # readings, one a second, before something happens


class AnalysisCase(GatewayCase):
    settings = {"analysis.report_interval": "200ms"}

    def feed(self, gateway, device="cnc-01", usual=USUAL, odd=30, jump=25.0):
        """A machine as it is usual, then hotter; the device's time ends now."""
        noise = random.Random(7)
        start = now() - datetime.timedelta(seconds=usual + odd)
        client = self.client(gateway, f"machine-{device}")
        sent = []
        for i in range(usual + odd):
            value = 40 + noise.gauss(0, 0.5) + (jump if i >= usual else 0)
            sent.append(client.client.publish(f"modax/sensor/data/{device}", json.dumps({
                "timestamp": (start + datetime.timedelta(seconds=i)).isoformat(), "seq": i,
                "temperature": value, "is_safe": True}), qos=1))
        for each in sent:
            each.wait_for_publish(30)
        self.assertTrue(all(each.is_published() for each in sent))

    def analysed(self, gateway, count):
        wait_for(
            lambda: (gateway.metrics().total("modax_analysis_readings_total") or 0) >= count,
            "all readings analysed", 60,
        )

    def what_if(self, gateway, *options):
        return json.loads(run(gateway.program, "anomaly", "what-if", "--device", "cnc-01", "--json",
                              "--data-dir", gateway.data, *options).stdout)

    def analysis(self, gateway, device="cnc-01", key=None):
        return gateway.get(f"/api/v1/devices/{device}/ai-analysis", key)


class Found(AnalysisCase):
    def test_the_requirements_handler_gets_the_anomaly_and_everyone_is_told_the_same(self):
        gateway = self.gateway()
        live = websocket.create_connection(
            gateway.endpoints["ws"] + "?kinds=analysis",
            header=[f"X-API-Key: {gateway.admin_key}"], timeout=30)
        self.addCleanup(live.close)
        alarms = []
        watch = self.client(gateway, "alarms")
        names = {"json": json, "mqtt_client": watch, "post_alarm": alarms.append}
        exec((HERE / "alarm_handler_example.py.txt").read_text(encoding="utf-8"), names)
        watch.client.on_message = names["on_ai_analysis"]
        self.feed(gateway)
        self.analysed(gateway, USUAL + 30)
        wait_for(lambda: alarms, "the requirement's alarm", 30)
        self.assertEqual(alarms[0]["alarm_name"], "MODAX_cnc-01_ANOMALY")
        self.assertEqual(alarms[0]["severity"], "high")
        self.assertTrue(alarms[0]["message"].startswith("Anomaly detected: "))

        answer = self.analysis(gateway)
        self.assertEqual(answer.status_code, 200)
        said = answer.json()
        self.assertTrue(said["has_anomaly"])
        self.assertGreater(said["anomaly_score"], 0.8)
        self.assertEqual(said["contributing_metrics"][0]["name"], "temperature")
        self.assertGreater(said["contributing_metrics"][0]["observed"], 55)
        self.assertLess(said["contributing_metrics"][0]["expected_high"], 50)
        self.assertIn("temperature", said["message"])
        self.assertIsNone(said["estimated_remaining_hours"])
        self.assertTrue(said["wear"]["reason"])

        notice = json.loads(live.recv())
        while not notice["data"]["has_anomaly"]:
            notice = json.loads(live.recv())
        self.assertEqual(notice["type"], "analysis")
        self.assertEqual(notice["data"]["device_id"], "cnc-01")

        late = self.client(gateway, "late")  # the topic is retained
        late.subscribe("modax/ai/analysis/#", qos=1)
        late.wait_for_messages(1)
        self.assertTrue(json.loads(late.messages[0].payload)["has_anomaly"])

        found = gateway.json("/api/v1/anomalies", device="cnc-01")["anomalies"]
        self.assertTrue(found)
        begun = found[-1]
        self.assertEqual(begun["event"], 1)
        printed = run(gateway.program, "anomaly", "explain", begun["id"], "--data-dir", gateway.data)
        self.assertIn("the same to the bit", printed.stdout)
        told = gateway.json("/api/v1/devices/cnc-01/ai-analysis/history", limit=1)
        self.assertEqual(len(told["analyses"]), 1)
        older = gateway.json("/api/v1/devices/cnc-01/ai-analysis/history", limit=1,
                             cursor=told["next_cursor"])
        self.assertLess(older["analyses"][0]["id"], told["analyses"][0]["id"])
        alarms_only = gateway.json("/api/v1/devices/cnc-01/ai-analysis/history",
                                   anomalies_only="true")["analyses"]
        self.assertTrue(alarms_only)
        self.assertTrue(all(one["has_anomaly"] for one in alarms_only))
        self.assertEqual(
            gateway.get("/api/v1/devices/cnc-01/ai-analysis/history?limit=0").status_code, 422)
        other = run(gateway.program, "key", "create", "--name", "mill", "--scopes", "readings:read",
                    "--devices", "mill-*", "--data-dir", gateway.data).stdout.strip()
        seen = wait_for(lambda: gateway.get("/api/v1/anomalies", other).status_code == 200
                        and gateway.get("/api/v1/anomalies", other).json(), "the key")
        self.assertEqual(seen, {"anomalies": [], "next_cursor": None})
        self.assertEqual(self.analysis(gateway, key=other).status_code, 403)
        self.assertEqual(gateway.get("/api/v1/anomalies?device=cnc-01", other).status_code, 422)
        tried = self.what_if(gateway)
        self.assertEqual(tried["readings"], USUAL + 30)
        self.assertEqual(tried["as_configured"], tried["what_if"], "the defaults are those")
        self.assertEqual(tried["as_configured"][0]["begin"], begun["since"])
        self.assertEqual(tried["as_configured"][0]["anomaly_type"], found[0]["anomaly_type"])
        deaf = self.what_if(gateway, "--score", "0.9999", "--level", "1000")
        self.assertEqual(deaf["what_if"], [])
        self.assertEqual(deaf["as_configured"], tried["as_configured"])
        self.assertEqual(self.what_if(gateway, "--end", begun["since"])["as_configured"], [])
        listed = run(gateway.program, "anomaly", "list", "--data-dir", gateway.data)
        self.assertIn("cnc-01", listed.stdout)
        rows = gateway.query("SELECT device_id, has_anomaly, anomaly_type FROM ai_analysis WHERE id = "
                             + str(begun["id"]))
        self.assertEqual(rows, [("cnc-01", 1, begun["anomaly_type"])])

    def test_a_device_without_readings_and_an_analysis_that_is_off(self):
        gateway = self.gateway(settings={"analysis.enabled": "false"})
        self.feed(gateway, usual=5, odd=0)
        answer = self.analysis(gateway)
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(answer.json()["type"], "urn:modax:problem:analysis-off")
        self.assertIsNone(gateway.metrics().total("modax_analysis_readings_total"))


class Alarms(AnalysisCase):
    settings = {**AnalysisCase.settings, "analysis.latch": "true"}

    def post(self, gateway, path, key=None, body=None):
        return requests.post(gateway.endpoints["http"] + path, timeout=30, json=body,
                             headers={"X-API-Key": key or gateway.admin_key})

    def test_latched_acknowledged_audited_and_forgotten_by_maintenance(self):
        gateway = self.gateway()
        self.feed(gateway)
        self.analysed(gateway, USUAL + 30)
        self.assertFalse(self.analysis(gateway).json()["acknowledged"])
        reader = run(gateway.program, "key", "create", "--name", "bi", "--scopes", "readings:read",
                     "--data-dir", gateway.data).stdout.strip()
        wait_for(lambda: self.analysis(gateway, key=reader).status_code == 200, "the key")
        path = "/api/v1/devices/cnc-01/ai-analysis/acknowledge"
        self.assertEqual(self.post(gateway, path, reader).status_code, 403)
        answer = self.post(gateway, path)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertTrue(answer.json()["acknowledged"] or not answer.json()["has_anomaly"])
        again = self.post(gateway, path)
        self.assertEqual(again.status_code, 404)
        rows = gateway.json("/api/v1/audit", action="analysis.acknowledge")["rows"]
        self.assertEqual(rows[0]["object"], "device:cnc-01")
        self.assertIn("temperature", rows[0]["detail"])
        done = self.post(gateway, "/api/v1/devices/cnc-01/maintenance",
                         body={"note": "spindle bearing changed"})
        self.assertEqual(done.status_code, 200, done.text)
        rows = gateway.json("/api/v1/audit", action="device.maintenance")["rows"]
        self.assertEqual(rows[0]["detail"], "spindle bearing changed")
        wrong = self.post(gateway, "/api/v1/devices/cnc-01/maintenance", body={"nota": "x"})
        self.assertEqual(wrong.status_code, 422)
        self.assertEqual(wrong.json()["errors"][0]["field"], "nota")


class Restart(AnalysisCase):
    def test_what_was_learned_survives_a_stop_and_an_alarm_a_kill(self):
        gateway = self.gateway()
        self.feed(gateway, odd=0)
        self.analysed(gateway, USUAL)
        self.assertFalse(self.analysis(gateway).json()["learning"])
        gateway.stop()
        gateway.start()
        self.assertFalse(self.analysis(gateway).json()["learning"])
        self.feed(gateway, usual=0, odd=30)
        self.analysed(gateway, 30)
        event = wait_for(lambda: self.analysis(gateway).json()["event"], "the alarm")
        wait_for(lambda: gateway.json("/api/v1/anomalies")["anomalies"], "the alarm is kept")
        gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait(10)
        gateway.start()
        self.assertEqual(self.analysis(gateway).json()["event"], event)


class Isolation(AnalysisCase):
    settings = {**AnalysisCase.settings, "analysis.queue": "1000"}

    def test_a_stalled_analysis_delays_no_acknowledgement(self):
        """Its thread is stopped by its own queue being far too small for a burst: storing goes on,
        and what was not looked at is counted."""
        gateway = self.gateway()
        self.feed(gateway, usual=20_000, odd=0)  # returns when all are acknowledged
        def adds_up():
            metrics = gateway.metrics()
            looked = metrics.total("modax_analysis_readings_total") or 0
            skipped = metrics.total("modax_analysis_skipped_total") or 0
            return looked + skipped == 20_000
        wait_for(adds_up, "analysed and skipped add up to what was stored", 60)

    def test_nothing_of_it_reaches_a_control_topic(self):
        gateway = self.gateway()
        watch = self.client(gateway, "watch")
        watch.subscribe("modax/#", qos=1)
        self.feed(gateway)
        self.analysed(gateway, USUAL + 30)
        wait_for(lambda: any(message.topic.startswith("modax/ai/analysis/")
                             for message in watch.messages), "an analysis", 30)
        topics = {message.topic for message in watch.messages}
        self.assertEqual([topic for topic in topics if topic.startswith("modax/control/")], [])
        self.assertEqual(topics - {"modax/sensor/data/cnc-01", "modax/ai/analysis/cnc-01",
                                   "modax/system/status"}, set())
