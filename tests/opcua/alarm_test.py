"""Alarms as events and as variables, acknowledged by method; and aggregates of the history."""
import datetime
import json
import unittest

from modax_test.waiting import stays_true, wait_for
from opcua_peer import PASSWORD, OpcUaCase, OpcUaError

SOON = 20
FIELDS = ["ConditionName", "SourceName", "Message", "Severity", "ActiveState.Id", "AckedState.Id",
          "Retain", "Time"]
SAFE = {"emergency_stop": False, "door_closed": True, "overload_detected": False,
        "temperature_ok": True}


class Alarms(OpcUaCase):
    users = {"factorytalk": "scada", "shift-lead": "operator", "cnc-02": "device"}
    settings = {"opcua.lost_after": "3s", "opcua.stale_after": "1s"}

    def setUp(self):
        super().setUp()
        self.trust(self.certificate[0])
        self.publish("cnc-01", temperature=1)
        wait_for(self.comes_in, "a session", SOON)

    def comes_in(self):
        try:
            return self.connect()
        except OpcUaError:
            return False

    def connect_as(self, user):
        self.connect(name=user, user={"name": user, "password": PASSWORD})

    def subscribe(self, name, node="i=2253"):
        self.assertEqual(
            self.peer.call("subscribe_events", name=name, node=node, fields=FIELDS), "Good")

    def safety(self, device="cnc-01", **changes):
        self.mqtt.publish(
            f"modax/sensor/safety/{device}", json.dumps({**SAFE, **changes}).encode(), qos=1)

    def event(self, name, condition, **wanted):
        """The first event with these fields."""
        def found():
            for each in self.peer.call("events", name=name):
                if each["ConditionName"] == condition and all(
                        each[field] == value for field, value in wanted.items()):
                    return each
            return None

        return wait_for(found, f"{condition} {wanted}; have {self.peer.call('events', name=name)}", SOON)

    def mirror(self, alarm, member):
        return self.value(f"MODAX.Alarms.{alarm}.{member}")["value"]

    def acknowledge(self, name, alarm):
        path = f"ns=1;s=MODAX.Alarms.{alarm}"
        return self.peer.call("call", name=name, object=path, method=path + ".Acknowledge")

    def test_a_safety_trip_is_an_event_latched_until_it_is_acknowledged(self):
        self.safety()
        self.subscribe("client")
        self.safety(emergency_stop=True, door_closed=False)
        event = self.event("client", "Safety", **{"ActiveState.Id": True, "AckedState.Id": False})
        self.assertEqual((event["SourceName"], event["Severity"], event["Retain"]), ("cnc-01", 900, True))
        self.assertIn("emergency stop is pressed, the door is open", event["Message"])
        alarm = "CNC-01.Safety"
        self.assertEqual(
            [self.mirror(alarm, member) for member in ("Active", "Acknowledged", "Retain", "Severity")],
            [True, False, True, 900])
        self.assertIsNotNone(self.mirror(alarm, "Since"))
        # Over, but nobody has seen it.
        self.safety()
        self.event("client", "Safety", **{"ActiveState.Id": False, "Retain": True})
        self.assertEqual((self.mirror(alarm, "Active"), self.mirror(alarm, "Acknowledged")), (False, False))
        # A SCADA system that only looks may not; the shift lead may.
        self.assertEqual(self.acknowledge("client", alarm), "BadUserAccessDenied")
        self.connect_as("shift-lead")
        self.assertEqual(self.acknowledge("shift-lead", alarm), "Good")
        self.event("client", "Safety", **{"AckedState.Id": True, "Retain": False})
        self.assertTrue(self.mirror(alarm, "Acknowledged"))
        self.assertEqual(self.acknowledge("shift-lead", alarm), "BadConditionBranchAlreadyAcked")

        def rows():
            found = self.gateway.json("/api/v1/audit", action="alarm.acknowledge")["rows"]
            return {(each["actor"], each["result"]) for each in found} >= {
                ("user:factorytalk", "refused"), ("user:shift-lead", "ok")}

        wait_for(rows, "the audit", SOON)
        metrics = self.gateway.metrics()
        self.assertGreaterEqual(metrics.total("modax_opcua_alarm_events_total"), 3)

    def test_a_silent_machine_and_its_return(self):
        self.subscribe("client", node="ns=1;s=MODAX.Devices.CNC-01")
        # Again, as it may have been silent for too long by now.
        self.publish("cnc-01", temperature=1)
        event = self.event("client", "Communication", **{"ActiveState.Id": True})
        self.assertEqual(event["Severity"], 500)
        self.assertTrue(self.mirror("CNC-01.Communication", "Active"))
        self.publish("cnc-01", temperature=2)
        self.event("client", "Communication", **{"ActiveState.Id": False})

    def test_who_may_not_see_a_machine_learns_nothing_of_its_alarms(self):
        self.safety("cnc-01")
        self.safety("cnc-02")
        wait_for(lambda: self.mirror("CNC-02.Safety", "Severity"), "the other machine", SOON)
        self.connect_as("cnc-02")
        self.subscribe("cnc-02")
        self.subscribe("client")
        self.safety("cnc-01", emergency_stop=True)
        self.event("client", "Safety", SourceName="cnc-01")

        def told_nothing():
            return not any("cnc-01" in str(each) or each["Message"]
                           for each in self.peer.call("events", name="cnc-02"))

        self.assertTrue(stays_true(told_nothing, 1))
        denied = self.value("MODAX.Alarms.CNC-01.Safety.Active", name="cnc-02")
        self.assertEqual(denied["status"], "BadUserAccessDenied")


class Anomalies(Alarms):
    """Acknowledging an anomaly acknowledges it everywhere."""
    test_a_safety_trip_is_an_event_latched_until_it_is_acknowledged = None
    test_a_silent_machine_and_its_return = None
    test_who_may_not_see_a_machine_learns_nothing_of_its_alarms = None
    users = {"factorytalk": "scada", "shift-lead": "operator"}
    settings = {"analysis.latch": "true"}

    def test_an_anomaly_is_acknowledged_by_method(self):
        self.subscribe("client")
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
        for number in range(3000):
            time = start + datetime.timedelta(seconds=number)
            odd = number > 2900
            self.mqtt.client.publish("modax/sensor/data/cnc-09", (
                f'{{"timestamp": "{time.isoformat()}", "seq": {number}, '
                f'"temperature": {400 if odd else 40 + number % 7 * 0.1}}}').encode(), 1)
        event = self.event("client", "Anomaly", **{"ActiveState.Id": True})
        self.assertEqual(event["SourceName"], "cnc-09")
        self.assertGreater(event["Severity"], 500)
        self.assertTrue(event["Message"])
        self.connect_as("shift-lead")
        self.assertEqual(self.acknowledge("shift-lead", "CNC-09.Anomaly"), "Good")
        self.event("client", "Anomaly", **{"AckedState.Id": True})
        analysis = self.gateway.json("/api/v1/devices/cnc-09/ai-analysis")
        self.assertTrue(analysis["acknowledged"])
        wait_for(lambda: self.gateway.json("/api/v1/audit", action="analysis.acknowledge")["rows"],
                 "the audit", SOON)


class Processed(OpcUaCase):
    def setUp(self):
        super().setUp()
        self.trust(self.certificate[0])
        start = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.timezone.utc)
        # 400 s with a reading each; none in the second minute.
        self.readings = [(start + datetime.timedelta(seconds=second), float(second % 17))
                         for second in range(400) if not 60 <= second < 120]
        for time, value in self.readings:
            self.publish("cnc-01", temperature=value, timestamp=time.isoformat())
        wait_for(self.comes_in, "a session", SOON)

    comes_in = Alarms.comes_in

    def read(self, aggregate, interval, start="2024-05-01T12:00:00Z", end="2024-05-01T12:06:40Z"):
        values, continuation, pages = [], None, 0
        while continuation or pages == 0:
            page = self.peer.call(
                "history_processed", name="client", node="ns=1;s=MODAX.Devices.CNC-01.Temperature",
                start=start, end=end, interval=interval, aggregate=aggregate, continuation=continuation)
            self.assertEqual(page["status"], "Good")
            values += page["values"]
            continuation, pages = page["continuation"], pages + 1
        return values, pages

    def expected(self, interval, function):
        start = self.readings[0][0]
        for number in range(-(-400_000 // interval)):
            begin = start + datetime.timedelta(milliseconds=number * interval)
            end = begin + datetime.timedelta(milliseconds=interval)
            values = [value for time, value in self.readings if begin <= time < end]
            yield begin.strftime("%Y-%m-%dT%H:%M:%S"), function(values) if values else None

    def test_aggregates_over_minutes_and_odd_intervals(self):
        functions = {"Average": lambda values: sum(values) / len(values), "Minimum": min, "Maximum": max}
        for interval in (60_000, 30_000, 7_000):
            for aggregate, function in functions.items():
                with self.subTest(aggregate=aggregate, interval=interval):
                    values, _ = self.read(aggregate, interval)
                    found = [(each["source"][:19], each["value"]) for each in values]
                    self.assertEqual(len(found), -(-400_000 // interval))
                    for (time, value), (due, wanted) in zip(found, self.expected(interval, function)):
                        self.assertEqual(time, due)
                        if wanted is None:
                            self.assertIsNone(value)
                        else:
                            self.assertAlmostEqual(value, wanted, 9)

    def test_empty_and_partial_intervals_say_so(self):
        values, _ = self.read("Average", 60_000)
        self.assertEqual(values[1]["status"], "BadNoData")
        self.assertEqual(values[0]["code"], 0x0401)  # calculated
        self.assertEqual(values[-1]["code"], 0x0405)  # and partial
        counts, _ = self.read("Count", 60_000)
        self.assertEqual([each["value"] for each in counts], [60, 0, 60, 60, 60, 60, 40])

    def test_many_intervals_come_page_by_page_and_backwards(self):
        forwards, pages = self.read("Count", 1_000)
        self.assertGreater(pages, 1)
        self.assertEqual(sum(each["value"] for each in forwards), len(self.readings))
        backwards, _ = self.read(
            "Count", 100_000, start="2024-05-01T12:06:40Z", end="2024-05-01T12:00:00Z")
        self.assertEqual([each["value"] for each in backwards], [100, 100, 80, 60])

    def test_what_is_not_supported_is_told(self):
        def status(**changes):
            query = {"node": "ns=1;s=MODAX.Devices.CNC-01.Temperature", "aggregate": "Average",
                     "start": "2024-05-01T12:00:00Z", "end": "2024-05-01T12:06:40Z", "interval": 1000,
                     **changes}
            return self.peer.call("history_processed", name="client", **query)["status"]

        self.assertEqual(status(aggregate="Interpolative"), "BadAggregateNotSupported")
        self.assertEqual(status(node="ns=1;s=MODAX.Devices.CNC-01.IsSafe"), "BadAggregateInvalidInputs")
        self.assertEqual(status(end="2024-05-01T12:00:00Z"), "BadInvalidArgument")


if __name__ == "__main__":
    unittest.main()
