"""MQTT 5 as Eclipse's interoperability tests ask for it: what travels with messages and
subscriptions. Sessions, flow and wills are in v5_session_test.py."""
from modax_test import raw_mqtt as mqtt
from modax_test.paho_client import MQTTv5, MQTTv311, SubscribeOptions, properties
from modax_test.waiting import stays_true, wait_for
from paho_case import PahoCase


class PahoCase5(PahoCase):
    protocol = MQTTv5


class Basic(PahoCase5):
    def test_all_qos_come_back(self):
        client = self.client("a")
        client.subscribe(self.topic("all"), 2)
        self.publish_all_qos(client)
        self.assert_all_qos(client.wait_for_messages(3))

    def test_second_connect_is_a_protocol_error(self):
        client = self.raw(5, "a")
        client.send(mqtt.connect(self.client_id("a"), version=5))
        packets = client.expect_close()
        self.assertIn([(p.kind, p.reason) for p in packets], ([], [(mqtt.DISCONNECT, 0x82)]))

    def test_unsupported_version_is_refused(self):
        client = self.raw(5)
        client.send(mqtt.connect(self.client_id("a"), version=6))
        packets = client.expect_close()
        if packets:
            self.assertEqual(packets[0].kind, mqtt.CONNACK)
            self.assertIn(packets[0].body[1], (1, 0x84))

    def test_versions_understand_each_other(self):
        old = self.client("old", protocol=MQTTv311)
        new = self.client("new")
        old.subscribe(self.topic("x"), 2)
        new.subscribe(self.topic("x"), 2)
        new.publish(
            self.topic("x"), b"from 5", 2, publish_properties=properties("PUBLISH", ContentType="t")
        )
        old.publish(self.topic("x"), b"from 3.1.1", 2)
        for client in (old, new):
            payloads = {message.payload for message in client.wait_for_messages(2)}
            self.assertEqual(payloads, {b"from 5", b"from 3.1.1"})

    def test_enhanced_authentication_is_refused(self):
        client = self.raw(5)
        client.send(mqtt.connect("x", version=5, authentication_method="SCRAM-SHA-1"))
        packets = client.expect_close()
        self.assertEqual([(p.kind, p.reason) for p in packets], [(mqtt.CONNACK, 0x8C)])


class PublishProperties(PahoCase5):
    def round_trip(self, **values):
        client = self.client("a")
        client.subscribe(self.topic("all"), 2)
        self.publish_all_qos(client, publish_properties=properties("PUBLISH", **values))
        messages = client.wait_for_messages(3)
        self.assert_all_qos(messages)
        return messages

    def test_user_properties(self):
        for message in self.round_trip(UserProperty=[("a", "2"), ("c", "3"), ("a", "4")]):
            self.assertEqual(message.properties.UserProperty, [("a", "2"), ("c", "3"), ("a", "4")])

    def test_payload_format_and_content_type(self):
        for message in self.round_trip(PayloadFormatIndicator=1, ContentType="My name"):
            self.assertEqual(message.properties.PayloadFormatIndicator, 1)
            self.assertEqual(message.properties.ContentType, "My name")

    def test_retained_message_keeps_its_properties(self):
        client = self.client("a")
        topics = [self.topic(name) for name in ("A/B", "A/C", "D/C")]
        values = properties("PUBLISH", UserProperty=[("a", "2")], ContentType="x")
        self.publish_all_qos(client, topics, retain=True, publish_properties=values)
        client.subscribe(self.topic("+/+"), 2)
        messages = client.wait_for_messages(3)
        self.assert_all_qos(messages)
        for message in messages:
            self.assertEqual(message.properties.UserProperty, [("a", "2")])
            self.assertEqual(message.properties.ContentType, "x")

    def test_request_response(self):
        server, client = self.client("server"), self.client("client")
        server.subscribe(self.topic("request"), 2)
        client.subscribe(self.topic("answer"), 2)
        client.publish(
            self.topic("request"), b"question", 1,
            publish_properties=properties(
                "PUBLISH", ResponseTopic=self.topic("answer"), CorrelationData=b"\0\x01334"
            ),
        )
        asked = server.wait_for_messages(1)[0].properties
        server.publish(
            asked.ResponseTopic, b"answer", 1,
            publish_properties=properties("PUBLISH", CorrelationData=asked.CorrelationData),
        )
        answer = client.wait_for_messages(1)[0]
        self.assertEqual((answer.payload, answer.properties.CorrelationData), (b"answer", b"\0\x01334"))

    def test_message_expiry(self):
        subscriber = self.raw(5, "a", session_expiry_interval=300)
        subscriber.subscribe(self.topic("x"), 2)
        subscriber.disconnect()
        publisher = self.client("b")
        for seconds, word in ((1, "expires"), (30, "stays")):
            for qos in (1, 2):
                publisher.publish(
                    self.topic("x"), f"{word} {qos}", qos,
                    publish_properties=properties("PUBLISH", MessageExpiryInterval=seconds),
                )
        self.assertTrue(stays_true(lambda: self.broker.running, 2.2))
        subscriber = self.raw(5, "a", clean=False, session_expiry_interval=300)
        got = [p for p in subscriber.receive_all(1.0) if p.kind == mqtt.PUBLISH]
        self.assertEqual([p.payload for p in got], [b"stays 1", b"stays 2"])
        for packet in got:
            self.assertLess(packet.properties["message_expiry_interval"], 30)
            self.assertGreater(packet.properties["message_expiry_interval"], 20)

    def test_retained_message_expires(self):
        publisher = self.client("b")
        publisher.publish(
            self.topic("x"), b"short", 1, retain=True,
            publish_properties=properties("PUBLISH", MessageExpiryInterval=1),
        )
        self.assertTrue(stays_true(lambda: self.broker.running, 2.2))
        client = self.client("a")
        client.subscribe(self.topic("x"), 1)
        self.assertEqual(self.barrier(publisher, client, self.topic("x")), [])


class SubscribeOption(PahoCase5):
    def test_no_local(self):
        first, second = self.client("a"), self.client("b")
        for client in (first, second):
            client.subscribe(self.topic("x"), options=SubscribeOptions(qos=2, noLocal=True))
        first.publish(self.topic("x"), b"noLocal test", 1)
        self.assertEqual(second.wait_for_messages(1)[0].payload, b"noLocal test")
        self.assertTrue(stays_true(lambda: not first.messages, 0.3))

    def test_retain_as_published(self):
        client = self.client("a")
        client.subscribe(self.topic("x"), options=SubscribeOptions(qos=2, retainAsPublished=True))
        client.publish(self.topic("x"), b"false", 1)
        client.publish(self.topic("x"), b"true", 1, retain=True)
        messages = client.wait_for_messages(2)
        self.assertEqual(
            [(m.payload, bool(m.retain)) for m in messages], [(b"false", False), (b"true", True)]
        )

    def check_retained(self, handling, expected):
        """What comes with the first and with the second, equal subscription."""
        topics = [self.topic(name) for name in ("A/B", "A/C", "D/C")]
        self.publish_all_qos(self.client("b"), topics, retain=True)
        client = self.client("a")
        options = SubscribeOptions(qos=2, retainHandling=handling)
        for count in expected:
            client.messages.clear()
            client.subscribe(self.topic("+/+"), options=options)
            if count > 0:
                self.assert_all_qos(client.wait_for_messages(count))
            self.assertTrue(stays_true(lambda count=count: len(client.messages) == count, 0.3))

    def test_retain_handling_0_sends_always(self):
        self.check_retained(SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE, (3, 3))

    def test_retain_handling_1_sends_to_new_subscriptions(self):
        self.check_retained(SubscribeOptions.RETAIN_SEND_IF_NEW_SUB, (3, 0))

    def test_retain_handling_2_never_sends(self):
        self.check_retained(SubscribeOptions.RETAIN_DO_NOT_SEND, (0, 0))

    def test_subscription_identifiers(self):
        client = self.raw(5, "a")
        client.subscribe(self.topic("x/#"), 2, 1, subscription_identifier=456789)
        client.subscribe(self.topic("x/+"), 2, 2, subscription_identifier=2)
        client.subscribe(self.topic("other"), 2, 3)
        publisher = self.client("b")
        publisher.publish(self.topic("x/y"), b"both", 1)
        publisher.publish(self.topic("x"), b"one", 1)
        publisher.publish(self.topic("other"), b"none", 1)
        found = {}
        while b"none" not in found:
            packet = client.expect(mqtt.PUBLISH)
            found.setdefault(packet.payload, []).extend(
                packet.properties.get("subscription_identifier", [])
            )
        self.assertEqual(sorted(found[b"both"]), [2, 456789])
        self.assertEqual(found[b"one"], [456789])
        self.assertEqual(found[b"none"], [])

    def test_a_new_subscription_replaces_the_identifier(self):
        client = self.raw(5, "a")
        client.subscribe(self.topic("x"), 1, 1, subscription_identifier=1)
        client.subscribe(self.topic("x"), 0, 2, subscription_identifier=7)
        self.client("b").publish(self.topic("x"), b"m", 1)
        packet = client.expect(mqtt.PUBLISH)
        self.assertEqual((packet.qos, packet.properties["subscription_identifier"]), (0, [7]))


class Subscriptions(PahoCase5):
    def test_overlapping(self):
        self.explained("mosquitto", "2.0.11 delivers at the QoS of the first match, not the highest")
        client = self.client("a")
        client.subscribe(self.topic("TopicA/#"), 2)
        client.subscribe(self.topic("TopicA/+"), 1)
        publisher = self.client("b")
        publisher.publish(self.topic("TopicA/C"), b"overlapping", 2)
        publisher.publish(self.topic("TopicA/C/end"), b"marker", 2)
        wait_for(lambda: any(m.payload == b"marker" for m in client.messages), "the marker")
        qos = sorted(m.qos for m in client.messages if m.payload != b"marker")
        self.assertIn(qos, ([2], [1, 2]))

    def test_unsubscribe_says_what_was_there(self):
        client = self.raw(5, "a")
        client.subscribe(self.topic("x"), 1)
        client.send(mqtt.unsubscribe(2, self.topic("x"), self.topic("never"), version=5))
        self.assertEqual(client.expect(mqtt.UNSUBACK).reasons, [0x00, 0x11])
        self.client("b").publish(self.topic("x"), b"late", 1)
        self.assertEqual(client.receive_all(0.3), [])

    def test_failure_is_said(self):
        self.explained("mosquitto", "its access lists do not refuse subscriptions, they filter later")
        client = self.raw(5, "a")
        client.send(mqtt.subscribe(3, (self.topic("good"), 1), ("$SYS/#", 1), version=5))
        self.assertEqual(client.expect(mqtt.SUBACK).reasons, [1, 0x87])

    def test_dollar_topics_do_not_match_wildcards(self):
        client = self.client("a")
        client.subscribe("#", 1)
        other = self.raw(5, "b")
        other.publish("$" + self.topic("x"), b"hidden", 1, 1)
        try:
            other.receive()
        except mqtt.Closed:
            pass
        messages = self.barrier(client, client, self.topic("end"))
        self.assertFalse([m for m in messages if m.topic.startswith("$")])

    def test_shared_subscription_gives_each_message_to_one(self):
        members = [self.client(f"m{n}") for n in range(3)]
        for member in members:
            member.subscribe("$share/group/" + self.topic("x/#"), 1)
        everything = self.client("all")
        everything.subscribe(self.topic("x/#"), 1)
        publisher = self.client("b")
        for number in range(60):
            publisher.publish(self.topic("x/y"), str(number), 1)
        everything.wait_for_messages(60)
        wait_for(lambda: sum(len(m.messages) for m in members) >= 60, "60 shared messages")
        self.assertTrue(stays_true(lambda: sum(len(m.messages) for m in members) == 60, 0.3))
        got = sorted(int(message.payload) for member in members for message in member.messages)
        self.assertEqual(got, list(range(60)))
        self.assertTrue(all(member.messages for member in members), "every member has a share")

    def test_shared_subscription_gets_no_retained_messages(self):
        self.explained("mosquitto", "2.0.11 sends them (MQTT 5, 4.8.2 says not to)")
        publisher = self.client("b")
        publisher.publish(self.topic("x"), b"kept", 1, retain=True)
        client = self.client("a")
        client.subscribe("$share/group/" + self.topic("x"), 1)
        self.assertEqual(self.barrier(publisher, client, self.topic("x")), [])

    def test_two_groups_get_a_copy_each(self):
        first, second = self.client("a"), self.client("c")
        first.subscribe("$share/one/" + self.topic("x"), 1)
        second.subscribe("$share/two/" + self.topic("x"), 1)
        self.client("b").publish(self.topic("x"), b"m", 1)
        for client in (first, second):
            self.assertEqual(client.wait_for_messages(1)[0].payload, b"m")

    def test_invalid_shared_filters(self):
        self.explained("mosquitto", "2.0.11 takes a share name without a filter, and an empty one")
        for bad in ("$share/group", "$share//x", "$share/g+/x"):
            with self.subTest(bad=bad):
                client = self.raw(5, "a")
                client.send(mqtt.subscribe(1, (bad, 0), version=5))
                try:
                    self.assertGreaterEqual(client.receive().reasons[0], 0x80)
                except (mqtt.Closed, IndexError):
                    pass
