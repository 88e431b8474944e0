"""BrokerCase with recording paho clients."""
from broker_case import BrokerCase
from modax_test.paho_client import MQTTv311, PahoClient
from modax_test.waiting import wait_for


class PahoCase(BrokerCase):
    protocol = MQTTv311

    def client(self, name, connect=True, port=None, **options):
        """A client; its connection is closed at the end of the case."""
        client_id = self.client_id(name) if name else ""
        client = PahoClient(
            port or self.broker.mqtt_port, client_id, options.pop("protocol", self.protocol), **options
        )
        self.addCleanup(client.close)
        if connect:
            _, reason, _ = client.connect()
            self.assertEqual(int(getattr(reason, "value", reason)), 0)
        return client

    def publish_all_qos(self, client, topics=None, **options):
        """One message of each QoS; the payload says which."""
        for qos in (0, 1, 2):
            topic = topics[qos] if topics else self.topic("all")
            client.publish(topic, f"qos {qos}", qos, **options)

    def assert_all_qos(self, messages):
        self.assertEqual(
            sorted((message.payload, message.qos) for message in messages),
            [(b"qos 0", 0), (b"qos 1", 1), (b"qos 2", 2)],
        )

    def barrier(self, publisher, subscriber, topic, qos=1):
        """Everything published before is through when this marker has come."""
        publisher.publish(topic, b"marker", qos)
        wait_for(
            lambda: any(message.payload == b"marker" for message in subscriber.messages),
            f"the marker on {topic}",
        )
        return [message for message in subscriber.messages if message.payload != b"marker"]
