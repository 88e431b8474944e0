"""MQTT 5: sessions, flow control, limits, aliases, wills and keep-alive."""
from modax_test import raw_mqtt as mqtt
from modax_test.paho_client import MQTTv5
from modax_test.waiting import stays_true
from paho_case import PahoCase


class PahoCase5(PahoCase):
    protocol = MQTTv5


class Session(PahoCase5):
    def present(self, **options):
        client = self.raw(5)
        connack = client.connect(self.client_id("a"), **options)
        self.assertEqual(connack.reason, 0)
        return client, connack.session_present

    def test_ends_with_the_connection_when_expiry_is_0(self):
        client, present = self.present(clean=True)
        self.assertFalse(present)
        client.subscribe(self.topic("x"), 2)
        client.disconnect()
        self.assertFalse(self.present(clean=False)[1])

    def test_lives_for_its_expiry(self):
        client, _ = self.present(clean=True, session_expiry_interval=2)
        client.subscribe(self.topic("x"), 2)
        client.disconnect()
        client, present = self.present(clean=False, session_expiry_interval=2)
        self.assertTrue(present)
        client.disconnect()
        self.assertTrue(stays_true(lambda: self.broker.running, 4.2))
        self.assertFalse(self.present(clean=False)[1])

    def test_disconnect_changes_the_expiry(self):
        client, _ = self.present(clean=True, session_expiry_interval=1)
        client.disconnect(session_expiry_interval=30)
        self.assertTrue(stays_true(lambda: self.broker.running, 2.2))
        client, present = self.present(clean=False, session_expiry_interval=1)
        self.assertTrue(present)
        client.disconnect(session_expiry_interval=0)
        self.assertFalse(self.present(clean=False)[1])

    def test_clean_start_forgets(self):
        client, _ = self.present(clean=True, session_expiry_interval=60)
        client.disconnect()
        client, present = self.present(clean=True, session_expiry_interval=60)
        self.assertFalse(present)
        client.disconnect(session_expiry_interval=0)

    def test_offline_messages_are_queued(self):
        client, _ = self.present(clean=True, session_expiry_interval=60)
        client.subscribe(self.topic("+/+"), 2)
        client.disconnect()
        publisher = self.client("b")
        self.publish_all_qos(publisher, [self.topic(f"A/{n}") for n in range(3)])
        client, present = self.present(clean=False, session_expiry_interval=60)
        self.assertTrue(present)
        payloads = [p.payload for p in client.receive_all(0.5) if p.kind == mqtt.PUBLISH]
        self.assertIn(payloads, ([b"qos 1", b"qos 2"], [b"qos 0", b"qos 1", b"qos 2"]))

    def test_redelivery_on_reconnect(self):
        client, _ = self.present(clean=True, session_expiry_interval=60)
        client.subscribe(self.topic("x/#"), 2)
        publisher = self.client("b")
        publisher.publish(self.topic("x/1"), b"one", 1)
        publisher.publish(self.topic("x/2"), b"two", 2)
        first = [client.expect(mqtt.PUBLISH) for _ in range(2)]
        client.close()
        client, _ = self.present(clean=False, session_expiry_interval=60)
        second = [client.expect(mqtt.PUBLISH) for _ in range(2)]
        self.assertEqual(
            [(p.payload, p.qos, p.packet_id, p.duplicate) for p in second],
            [(p.payload, p.qos, p.packet_id, True) for p in first],
        )

    def test_take_over_tells_the_older(self):
        self.explained("mosquitto", "2.0.11 closes without a word when the session was clean")
        older = self.raw(5, "a")
        self.raw(5, "a")
        packets = older.expect_close()
        self.assertEqual([(p.kind, p.reason) for p in packets], [(mqtt.DISCONNECT, 0x8E)])

    def test_assigned_client_identifier(self):
        names = set()
        for _ in range(2):
            client = self.raw(5)
            connack = client.connect("")
            self.assertEqual(connack.reason, 0)
            names.add(connack.properties["assigned_client_identifier"])
        self.assertEqual(len(names), 2)
        self.assertNotIn("", names)

    def test_zero_length_client_identifier_may_keep_its_session(self):
        client = self.raw(5)
        name = client.connect("", session_expiry_interval=30).properties["assigned_client_identifier"]
        client.disconnect()
        client = self.raw(5)
        connack = client.connect(name, clean=False)
        self.assertTrue(connack.session_present)


class FlowControl(PahoCase5):
    def test_the_broker_keeps_the_receive_maximum(self):
        client = self.raw(5, "a", receive_maximum=4)
        client.subscribe(self.topic("x"), 1)
        publisher = self.client("b")
        for number in range(12):
            publisher.publish(self.topic("x"), str(number), 1)
        got = [p for p in client.receive_all(0.5) if p.kind == mqtt.PUBLISH]
        self.assertEqual([p.payload for p in got], [b"0", b"1", b"2", b"3"])
        while len(got) < 12:
            client.send(mqtt.acknowledge(mqtt.PUBACK, got[-1].packet_id))
            for packet in got[-4:-1]:
                client.send(mqtt.acknowledge(mqtt.PUBACK, packet.packet_id))
            got += [client.expect(mqtt.PUBLISH) for _ in range(4)]
        self.assertEqual([int(p.payload) for p in got], list(range(12)))

    def test_qos2_counts_until_pubcomp(self):
        client = self.raw(5, "a", receive_maximum=1)
        client.subscribe(self.topic("x"), 2)
        publisher = self.client("b")
        publisher.publish(self.topic("x"), b"0", 2)
        publisher.publish(self.topic("x"), b"1", 2)
        packet_id = client.expect(mqtt.PUBLISH).packet_id
        client.send(mqtt.acknowledge(mqtt.PUBREC, packet_id))
        client.expect(mqtt.PUBREL)
        self.assertEqual(client.receive_all(0.3), [])
        client.send(mqtt.acknowledge(mqtt.PUBCOMP, packet_id))
        self.assertEqual(client.expect(mqtt.PUBLISH).payload, b"1")

    def test_a_client_above_the_receive_maximum_is_disconnected(self):
        self.explained("mosquitto", "answers PUBREC 0x97 (quota exceeded) instead of DISCONNECT 0x93")
        client = self.raw(5)
        connack = client.connect(self.client_id("a"))
        maximum = connack.properties.get("receive_maximum", 65535)
        # QoS 2 without PUBREL holds its place, however quick the broker is.
        for packet_id in range(1, maximum + 2):
            client.publish(self.topic("x"), b"", 2, packet_id)
            if packet_id <= maximum:
                client.expect(mqtt.PUBREC)
        packets = client.expect_close()
        self.assertEqual([(p.kind, p.reason) for p in packets], [(mqtt.DISCONNECT, 0x93)])

    def test_maximum_packet_size_of_the_client(self):
        client = self.raw(5, "a", maximum_packet_size=100)
        client.subscribe(self.topic("x"), 1)
        publisher = self.client("b")
        publisher.publish(self.topic("x"), b"l" * 200, 1)
        publisher.publish(self.topic("x"), b"short", 1)
        self.assertEqual(client.expect(mqtt.PUBLISH).payload, b"short")

    def test_maximum_packet_size_of_the_broker(self):
        self.explained("mosquitto", "has no limit by default")
        client = self.raw(5)
        maximum = client.connect(self.client_id("a")).properties["maximum_packet_size"]
        client.socket.sendall(mqtt.publish(self.topic("x"), b"l" * maximum, version=5)[:4096])
        packets = client.expect_close()
        self.assertEqual([(p.kind, p.reason) for p in packets], [(mqtt.DISCONNECT, 0x95)])


class TopicAlias(PahoCase5):
    def test_from_the_client(self):
        subscriber = self.client("b")
        subscriber.subscribe(self.topic("x"), 1)
        client = self.raw(5)
        connack = client.connect(self.client_id("a"))
        self.assertGreater(connack.properties["topic_alias_maximum"], 0)
        client.publish(self.topic("x"), b"1", 1, 1, topic_alias=1)
        client.publish("", b"2", 1, 2, topic_alias=1)
        client.publish(self.topic("other"), b"-", 1, 3, topic_alias=1)
        client.publish(self.topic("x"), b"3", 1, 4, topic_alias=1)
        client.publish("", b"4", 1, 5, topic_alias=1)
        messages = subscriber.wait_for_messages(4)
        self.assertEqual([m.payload for m in messages], [b"1", b"2", b"3", b"4"])
        self.assertEqual({m.topic for m in messages}, {self.topic("x")})

    def test_ends_with_the_connection(self):
        client = self.raw(5, "a", session_expiry_interval=60)
        client.publish(self.topic("x"), b"1", 1, 1, topic_alias=1)
        client.expect(mqtt.PUBACK)
        client.disconnect()
        client = self.raw(5, "a", clean=False, session_expiry_interval=0)
        client.publish("", b"2", 1, 2, topic_alias=1)
        packets = client.expect_close()
        self.assertNotIn(mqtt.PUBACK, [p.kind for p in packets])

    def test_from_the_broker_only_as_allowed(self):
        client = self.raw(5, "a", topic_alias_maximum=2)
        client.subscribe(self.topic("#"), 0)
        publisher = self.client("b")
        names = [self.topic(name) for name in ("1", "2", "3")] * 3
        for name in names:
            publisher.publish(name, name, 1)
        aliases = {}
        for name in names:
            packet = client.expect(mqtt.PUBLISH)
            alias = packet.properties.get("topic_alias")
            if alias is not None:
                self.assertIn(alias, (1, 2))
                if packet.topic:
                    aliases[alias] = packet.topic
            self.assertEqual(packet.topic or aliases[alias], name)

    def test_from_the_broker_never_unasked(self):
        client = self.raw(5, "a")
        client.subscribe(self.topic("x"), 0)
        publisher = self.client("b")
        for _ in range(3):
            publisher.publish(self.topic("x"), b"", 1)
        for _ in range(3):
            self.assertNotIn("topic_alias", client.expect(mqtt.PUBLISH).properties)


class KeepAlive(PahoCase5):
    def test_silence_closes(self):
        client = self.raw(5, "a", keep_alive=1)
        packets = client.expect_close(timeout=8)
        self.assertIn([(p.kind, p.reason) for p in packets], ([], [(mqtt.DISCONNECT, 0x8D)]))

    def test_the_broker_may_shorten_it(self):
        client = self.raw(5)
        connack = client.connect(self.client_id("a"), keep_alive=120)
        shorter = connack.properties.get("server_keep_alive")
        if shorter is None:
            self.skipTest("this broker takes every keep alive as asked")
        self.assertLess(shorter, 120)


class Will(PahoCase5):
    def watcher(self):
        watcher = self.client("watcher")
        watcher.subscribe(self.topic("will"), 2)
        return watcher

    def will(self, **values):
        return (self.topic("will"), b"will", 1, False, values)

    def test_with_its_properties(self):
        watcher = self.watcher()
        self.raw(
            5, "a", will=self.will(user_property=[("why", "lost")], content_type="text/plain")
        ).close()
        got = watcher.wait_for_messages(1)[0].properties
        self.assertEqual((got.UserProperty, got.ContentType), ([("why", "lost")], "text/plain"))

    def test_delay(self):
        watcher = self.watcher()
        client = self.raw(5, "a", session_expiry_interval=60, will=self.will(will_delay_interval=2))
        client.close()
        self.assertTrue(stays_true(lambda: not watcher.messages, 1.2))
        watcher.wait_for_messages(1)

    def test_reconnect_within_the_delay_cancels(self):
        watcher = self.watcher()
        self.raw(
            5, "a", session_expiry_interval=60, will=self.will(will_delay_interval=2)
        ).close()
        self.raw(5, "a", clean=False, session_expiry_interval=60)
        self.assertTrue(stays_true(lambda: not watcher.messages, 3.0))

    def test_end_of_the_session_ends_the_delay(self):
        watcher = self.watcher()
        self.raw(5, "a", session_expiry_interval=1, will=self.will(will_delay_interval=60)).close()
        watcher.wait_for_messages(1)

    def test_disconnect_with_will(self):
        watcher = self.watcher()
        self.raw(5, "a", will=self.will()).disconnect(reason=0x04)
        watcher.wait_for_messages(1)

    def test_disconnect_without_will(self):
        watcher = self.watcher()
        self.raw(5, "a", will=self.will()).disconnect()
        self.assertTrue(stays_true(lambda: not watcher.messages, 0.5))
