"""MQTT 3.1.1 as Eclipse's interoperability tests ask for it, with paho and raw sockets; the cases
are our own. docs/mqtt-conformance.md lists them."""
from modax_test import raw_mqtt as mqtt
from modax_test.paho_client import PahoClient
from modax_test.waiting import stays_true, wait_for
from paho_case import PahoCase


class Basic(PahoCase):
    def test_connect_and_disconnect_twice(self):
        client = self.client("a")
        client.disconnect()
        client.connect()
        client.disconnect()

    def test_all_qos_come_back(self):
        client = self.client("a")
        client.subscribe(self.topic("all"), 2)
        self.publish_all_qos(client)
        self.assert_all_qos(client.wait_for_messages(3))

    def test_delivery_is_at_the_lower_qos(self):
        client = self.client("a")
        for granted in (0, 1, 2):
            with self.subTest(granted=granted):
                client.messages.clear()
                self.assertEqual(client.subscribe(self.topic("all"), granted), (granted,))
                self.publish_all_qos(client)
                messages = client.wait_for_messages(3)
                self.assertEqual(
                    [message.qos for message in messages], [min(qos, granted) for qos in (0, 1, 2)]
                )

    def test_second_connect_closes(self):
        client = self.raw(4, "a")
        client.send(mqtt.connect(self.client_id("a")))
        client.expect_close()

    def test_wrong_protocol_name_closes(self):
        client = self.raw(4)
        client.send(mqtt.connect(self.client_id("a"), protocol_name="hj"))
        client.expect_close()

    def test_unknown_protocol_level_is_refused(self):
        client = self.raw(4)
        client.send(mqtt.connect(self.client_id("a"), version=9))
        packets = client.expect_close()
        if packets:
            self.assertEqual((packets[0].kind, packets[0].body[1]), (mqtt.CONNACK, 1))

    def test_packet_before_connect_closes(self):
        client = self.raw(4)
        client.publish("TopicA", b"early")
        client.expect_close()

    def test_ping(self):
        client = self.raw(4, "a")
        client.send(mqtt.packet(mqtt.PINGREQ, 0, b""))
        client.expect(mqtt.PINGRESP)

    def test_large_payload(self):
        client = self.client("a")
        client.subscribe(self.topic("large"), 1)
        payload = bytes(range(256)) * 700
        client.publish(self.topic("large"), payload, 1)
        self.assertEqual(client.wait_for_messages(1)[0].payload, payload)

    def test_order_is_kept(self):
        subscriber = self.client("a")
        publisher = self.client("b")
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                subscriber.messages.clear()
                subscriber.subscribe(self.topic(f"order{qos}"), qos)
                for number in range(200):
                    publisher.client.publish(self.topic(f"order{qos}"), str(number), qos)
                messages = subscriber.wait_for_messages(200)
                self.assertEqual([int(message.payload) for message in messages], list(range(200)))

    def test_packets_cut_anywhere(self):
        client = self.raw(4, "a")
        stream = mqtt.subscribe(7, (self.topic("cut"), 0)) + mqtt.publish(self.topic("cut"), b"whole")
        for byte in stream:
            client.socket.send(bytes([byte]))
        self.assertEqual(client.expect(mqtt.SUBACK).packet_id, 7)
        self.assertEqual(client.expect(mqtt.PUBLISH).payload, b"whole")


class Retained(PahoCase):
    def topics(self):
        return [self.topic(name) for name in ("TopicA/B", "Topic/C", "TopicA/C")]

    def test_retained_messages_come_with_the_subscription(self):
        self.publish_all_qos(self.client("b"), self.topics(), retain=True)
        client = self.client("a")
        client.subscribe(self.topic("+/+"), 2)
        messages = client.wait_for_messages(3)
        self.assert_all_qos(messages)
        self.assertTrue(all(message.retain for message in messages))

    def test_empty_payload_clears(self):
        client = self.client("a")
        self.publish_all_qos(client, self.topics(), retain=True)
        for qos, topic in enumerate(self.topics()):
            client.publish(topic, b"", qos, retain=True)
        other = self.client("b")
        other.subscribe(self.topic("+/+"), 2)
        self.assertEqual(self.barrier(client, other, self.topic("end/end")), [])

    def test_last_value_wins(self):
        client = self.client("a")
        for number in range(3):
            client.publish(self.topic("value"), str(number), 1, retain=True)
        client.subscribe(self.topic("value"), 1)
        self.assertEqual([m.payload for m in client.wait_for_messages(1)], [b"2"])

    def test_live_delivery_has_no_retain_flag(self):
        client = self.client("a")
        client.subscribe(self.topic("live"), 1)
        client.publish(self.topic("live"), b"now", 1, retain=True)
        self.assertFalse(client.wait_for_messages(1)[0].retain)

    def test_each_new_subscription_gets_them_again(self):
        client = self.client("a")
        client.publish(self.topic("again"), b"kept", 1, retain=True)
        client.subscribe(self.topic("again"), 1)
        client.wait_for_messages(1)
        client.subscribe(self.topic("again"), 1)
        self.assertEqual([m.payload for m in client.wait_for_messages(2)], [b"kept", b"kept"])


class Session(PahoCase):
    def test_offline_messages_are_queued(self):
        client = self.client("a", clean=False)
        client.subscribe(self.topic("+/+"), 2)
        client.disconnect()
        publisher = self.client("b")
        topics = [self.topic(name) for name in ("TopicA/B", "Topic/C", "TopicA/C")]
        self.publish_all_qos(publisher, topics)
        present, _, _ = client.connect()
        self.assertTrue(present)
        # QoS 0 may be queued or not (MQTT 3.1.2.4).
        wait_for(
            lambda: {b"qos 1", b"qos 2"} <= {message.payload for message in client.messages},
            "the queued messages",
        )
        self.assertIn(len(client.messages), (2, 3))

    def test_clean_session_forgets(self):
        client = self.client("a", clean=False)
        client.subscribe(self.topic("x"), 1)
        client.disconnect()
        clean = self.client("a", connect=False, clean=True)
        present, _, _ = clean.connect()
        self.assertFalse(present)
        clean.disconnect()
        client = self.client("a", connect=False, clean=False)
        present, _, _ = client.connect()
        self.assertFalse(present)

    def test_subscriptions_live_in_the_session(self):
        client = self.client("a", clean=False)
        client.subscribe(self.topic("x"), 1)
        client.disconnect()
        client.connect()
        self.client("b").publish(self.topic("x"), b"still", 1)
        self.assertEqual(client.wait_for_messages(1)[0].payload, b"still")

    def test_take_over_closes_the_older_connection(self):
        older = self.raw(4, "a")
        newer = self.raw(4, "a")
        older.expect_close()
        newer.send(mqtt.packet(mqtt.PINGREQ, 0, b""))
        newer.expect(mqtt.PINGRESP)

    def redelivery(self, qos):
        client = self.raw(4, "a", clean=False)
        client.subscribe(self.topic("TopicA/#"), qos)
        self.client("b").publish(self.topic("TopicA/B"), b"again", qos)
        first = client.expect(mqtt.PUBLISH)
        self.assertEqual((first.qos, first.duplicate), (qos, False))
        client.close()
        client = self.raw(4, "a", clean=False)
        second = client.expect(mqtt.PUBLISH)
        self.assertEqual(
            (second.payload, second.qos, second.duplicate, second.packet_id),
            (b"again", qos, True, first.packet_id),
        )
        return client, second.packet_id

    def test_unacknowledged_qos1_is_redelivered(self):
        client, packet_id = self.redelivery(1)
        client.send(mqtt.acknowledge(mqtt.PUBACK, packet_id))
        client.disconnect()
        self.assertEqual(self.raw(4, "a", clean=False).receive_all(0.5), [])

    def test_unacknowledged_qos2_is_redelivered(self):
        client, packet_id = self.redelivery(2)
        client.send(mqtt.acknowledge(mqtt.PUBREC, packet_id))
        self.assertEqual(client.expect(mqtt.PUBREL).packet_id, packet_id)
        client.close()
        client = self.raw(4, "a", clean=False)
        self.assertEqual(client.expect(mqtt.PUBREL).packet_id, packet_id)
        client.send(mqtt.acknowledge(mqtt.PUBCOMP, packet_id))
        client.disconnect()
        self.assertEqual(self.raw(4, "a", clean=False).receive_all(0.5), [])

    def test_qos2_publish_twice_is_forwarded_once(self):
        subscriber = self.client("b")
        subscriber.subscribe(self.topic("once"), 2)
        client = self.raw(4, "a", clean=False)
        client.publish(self.topic("once"), b"one", 2, 10)
        self.assertEqual(client.expect(mqtt.PUBREC).packet_id, 10)
        client.close()
        client = self.raw(4, "a", clean=False)
        client.publish(self.topic("once"), b"one", 2, 10, duplicate=True)
        client.expect(mqtt.PUBREC)
        client.send(mqtt.acknowledge(mqtt.PUBREL, 10))
        self.assertEqual(client.expect(mqtt.PUBCOMP).packet_id, 10)
        publisher = self.client("c")
        messages = self.barrier(publisher, subscriber, self.topic("once"), 2)
        self.assertEqual([message.payload for message in messages], [b"one"])


class Will(PahoCase):
    def watcher(self, topic):
        watcher = self.client("watcher")
        watcher.subscribe(topic, 2)
        return watcher

    def test_published_when_the_connection_is_lost(self):
        topic = self.topic("will")
        watcher = self.watcher(topic)
        client = self.raw(4, "a", keep_alive=60, will=(topic, b"client not disconnected", 2, False))
        client.close()
        message = watcher.wait_for_messages(1)[0]
        self.assertEqual((message.payload, message.qos), (b"client not disconnected", 2))

    def test_not_published_after_disconnect(self):
        topic = self.topic("will")
        watcher = self.watcher(topic)
        self.raw(4, "a", will=(topic, b"wrong", 1, False)).disconnect()
        self.assertTrue(stays_true(lambda: not watcher.messages, 0.7))

    def test_retained_will(self):
        topic = self.topic("will")
        watcher = self.watcher(topic)
        self.raw(4, "a", will=(topic, b"gone", 1, True)).close()
        watcher.wait_for_messages(1)
        late = self.client("late")
        late.subscribe(topic, 1)
        message = late.wait_for_messages(1)[0]
        self.assertEqual((message.payload, bool(message.retain)), (b"gone", True))

    def test_published_on_take_over(self):
        topic = self.topic("will")
        watcher = self.watcher(topic)
        self.raw(4, "a", will=(topic, b"taken over", 1, False))
        self.raw(4, "a")
        self.assertEqual(watcher.wait_for_messages(1)[0].payload, b"taken over")

    def test_published_on_protocol_error(self):
        topic = self.topic("will")
        watcher = self.watcher(topic)
        self.raw(4, "a", will=(topic, b"broken", 1, False)).send(b"\x30\xff\xff\xff\xff\x01")
        self.assertEqual(watcher.wait_for_messages(1)[0].payload, b"broken")

    def test_keep_alive_expiry(self):
        topic = self.topic("will")
        watcher = self.watcher(topic)
        client = self.raw(4, "a", keep_alive=1, will=(topic, b"keepalive expiry", 1, False))
        client.expect_close(timeout=8)
        self.assertEqual(watcher.wait_for_messages(1)[0].payload, b"keepalive expiry")

    def test_pings_keep_alive(self):
        client = self.client("a", connect=False)
        client.connect(keepalive=1)
        self.assertTrue(stays_true(lambda: not client.disconnects, 3.0))


class Subscriptions(PahoCase):
    def test_overlapping(self):
        self.explained("mosquitto", "2.0.11 delivers at the QoS of the first match, not the highest")
        client = self.client("a")
        client.subscribe([(self.topic("TopicA/#"), 2), (self.topic("TopicA/+"), 1)])
        publisher = self.client("b")
        publisher.publish(self.topic("TopicA/C"), b"overlapping topic filters", 2)
        publisher.publish(self.topic("TopicA/C/end"), b"marker", 2)
        wait_for(lambda: any(m.payload == b"marker" for m in client.messages), "the marker")
        qos = sorted(m.qos for m in client.messages if m.payload != b"marker")
        # One message with the highest QoS, or one for each subscription (MQTT 3.3.5).
        self.assertIn(qos, ([2], [1, 2]))

    def test_dollar_topics_do_not_match_wildcards(self):
        client = self.client("a")
        client.subscribe("+/" + self.topic("B"), 1)
        client.subscribe("#", 1)
        other = self.raw(4, "b")
        other.publish("$" + self.topic("TopicA/B"), b"hidden", 1, 1)
        try:
            other.receive()  # PUBACK, or the broker forbids the topic and closes
        except mqtt.Closed:
            pass
        messages = self.barrier(client, client, self.topic("end"))
        self.assertFalse([m for m in messages if m.topic.startswith("$")])

    def test_wildcards(self):
        cases = [
            ("+", ["x"], ["x/y", ""]),
            ("+/y", ["x/y", "/y"], ["x/z", "x/y/z"]),
            ("x/#", ["x", "x/y", "x/y/z", "x/"], ["y", "xx"]),
            ("x/+/z", ["x/y/z", "x//z"], ["x/z", "x/y/y/z"]),
        ]
        publisher = self.client("b")
        for number, (topic_filter, matching, others) in enumerate(cases):
            with self.subTest(topic_filter=topic_filter):
                base = self.topic(str(number))
                client = self.client(f"s{number}")
                client.subscribe(f"{base}/{topic_filter}", 1)
                client.subscribe(f"{base}-end", 1)
                for name in matching + others:
                    # "x/#" also matches its parent; an empty name is the level itself.
                    publisher.publish(f"{base}/{name}" if name else base, name, 1)
                publisher.publish(f"{base}-end", b"marker", 1)
                wait_for(lambda: any(m.payload == b"marker" for m in client.messages), "the marker")
                got = sorted(m.payload.decode() for m in client.messages if m.payload != b"marker")
                self.assertEqual(got, sorted(matching))

    def test_invalid_filters_are_refused(self):
        for bad in ("a/#/b", "a/b#", "a+/b", "", "a\0b"):
            with self.subTest(bad=bad):
                client = self.raw(4, "a")
                client.send(mqtt.subscribe(1, (bad, 0)))
                try:
                    self.assertEqual(client.expect(mqtt.SUBACK).reasons, [0x80])
                except mqtt.Closed:
                    pass

    def test_failure_is_said(self):
        self.explained("mosquitto", "its access lists do not refuse subscriptions, they filter later")
        client = self.raw(4, "a")
        client.send(mqtt.subscribe(3, (self.topic("good"), 1), ("$SYS/#", 1)))
        self.assertEqual(client.expect(mqtt.SUBACK).reasons, [1, 0x80])

    def test_unsubscribe(self):
        client = self.client("a")
        for name in ("0", "1", "2"):
            client.subscribe(self.topic(name), 2)
        client.unsubscribe(self.topic("0"))
        publisher = self.client("b")
        for name in ("0", "1", "2"):
            publisher.publish(self.topic(name), name, 1)
        messages = client.wait_for_messages(2)
        self.assertEqual([message.payload for message in messages], [b"1", b"2"])

    def test_unsubscribe_of_nothing_is_acknowledged(self):
        client = self.raw(4, "a")
        client.send(mqtt.unsubscribe(9, self.topic("never")))
        self.assertEqual(client.expect(mqtt.UNSUBACK).packet_id, 9)

    def test_many_filters_in_one_packet(self):
        client = self.raw(4, "a")
        client.send(mqtt.subscribe(5, *[(self.topic(str(n)), n % 3) for n in range(30)]))
        self.assertEqual(client.expect(mqtt.SUBACK).reasons, [n % 3 for n in range(30)])


class ClientIdentifier(PahoCase):
    def test_zero_length_needs_clean_session(self):
        client = self.raw(4)
        client.send(mqtt.connect("", clean=False))
        packets = client.expect_close()
        self.assertEqual([(p.kind, p.reason) for p in packets], [(mqtt.CONNACK, 2)])

    def test_zero_length_with_clean_session(self):
        with PahoClient(self.broker.mqtt_port, "") as client:
            _, reason, _ = client.connect()
            self.assertEqual(reason, 0)

    def test_two_without_a_name_do_not_disturb_each_other(self):
        first, second = self.raw(4), self.raw(4)
        for client in (first, second):
            client.send(mqtt.connect(""))
            self.assertEqual(client.expect(mqtt.CONNACK).reason, 0)
        for client in (first, second):
            client.send(mqtt.packet(mqtt.PINGREQ, 0, b""))
            client.expect(mqtt.PINGRESP)
