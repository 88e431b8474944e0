"""mosquitto_pub, mosquitto_sub and mosquitto_rr in both protocol versions."""
import subprocess

from broker_case import BrokerCase
from modax_test.paho_client import PahoClient
from modax_test.tools import require_tool, run


class _Commands:
    """The cases; the classes below say which version."""

    version = None

    @classmethod
    def setUpClass(cls):
        require_tool("stdbuf")
        cls.tools = {name: require_tool(f"mosquitto_{name}") for name in ("pub", "sub", "rr")}
        super().setUpClass()

    def command(self, tool, *arguments):
        return [
            self.tools[tool], "-h", "127.0.0.1", "-p", str(self.broker.mqtt_port),
            "-V", self.version, *map(str, arguments),
        ]

    def publish(self, *arguments, **options):
        return run(*self.command("pub", *arguments), timeout=20, **options)

    def start_subscriber(self, *arguments):
        """Running, with its subscription granted (-d says so)."""
        process = subprocess.Popen(
            # Its output is buffered by the block when it goes to a pipe.
            ["stdbuf", "-oL", *self.command("sub", "-d", "-W", 15, *arguments)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith("Subscribed"):
                return process
        raise AssertionError("mosquitto_sub was not granted its subscription")

    def payloads(self, process, count):
        """`-F 'got %p'` lines among the debug lines."""
        got = []
        for line in process.stdout:
            if line.startswith("got "):
                got.append(line[4:].strip())
                if len(got) == count:
                    break
        return got

    def test_publish_and_subscribe_at_each_qos(self):
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                topic = self.topic(str(qos))
                subscriber = self.start_subscriber("-t", topic, "-q", qos, "-C", 3, "-F", "got %p")
                for word in ("one", "two", "three"):
                    self.publish("-t", topic, "-q", qos, "-m", word)
                self.assertEqual(self.payloads(subscriber, 3), ["one", "two", "three"])
                subscriber.stdout.read()
                self.assertEqual(subscriber.wait(10), 0)

    def test_lines_from_standard_input(self):
        subscriber = self.start_subscriber("-t", self.topic("l"), "-q", 1, "-F", "got %p")
        lines = [f"line {number}" for number in range(50)]
        self.publish("-t", self.topic("l"), "-q", 1, "-l", input="\n".join(lines) + "\n")
        self.assertEqual(self.payloads(subscriber, 50), lines)

    def test_retained(self):
        self.publish("-t", self.topic("r"), "-q", 1, "-r", "-m", "kept")
        done = run(*self.command("sub", "-t", self.topic("r"), "-C", 1, "-W", 10, "-F", "%p %r"))
        self.assertEqual(done.stdout.strip(), "kept 1")

    def test_will(self):
        watcher = self.start_subscriber("-t", self.topic("w"), "-q", 1, "-F", "got %p")
        client = self.start_subscriber(
            "-t", self.topic("none"), "--will-topic", self.topic("w"), "--will-payload", "gone",
            "--will-qos", 1,
        )
        client.kill()
        self.assertEqual(self.payloads(watcher, 1), ["gone"])

    def test_persistent_session(self):
        options = ("-t", self.topic("p"), "-q", 1, "-c", "-i", self.client_id("p"))
        if self.version == "mqttv5":
            options += ("-x", 60)
        run(*self.command("sub", *options, "-E", "-W", 10))
        self.publish("-t", self.topic("p"), "-q", 1, "-m", "while away")
        done = run(*self.command("sub", *options, "-C", 1, "-W", 10))
        self.assertEqual(done.stdout.strip(), "while away")


class Version311(_Commands, BrokerCase):
    version = "mqttv311"


class Version5(_Commands, BrokerCase):
    version = "mqttv5"

    def test_request_and_response(self):
        with PahoClient(self.broker.mqtt_port, self.client_id("server"), 5) as server:
            server.connect()
            server.subscribe(self.topic("ask"), 1)
            asking = subprocess.Popen(
                self.command(
                    "rr", "-t", self.topic("ask"), "-e", self.topic("answer"), "-q", 1,
                    "-m", "question", "-W", 15,
                ),
                stdout=subprocess.PIPE, text=True,
            )
            self.addCleanup(asking.stdout.close)
            self.addCleanup(asking.wait)
            self.addCleanup(asking.kill)
            request = server.wait_for_messages(1)[0]
            server.publish(request.properties.ResponseTopic, b"answer", 1)
            self.assertEqual(asking.communicate(timeout=20)[0].strip(), "answer")

    def test_properties(self):
        subscriber = self.start_subscriber("-t", self.topic("x"), "-q", 1, "-F", "got %p %C %P")
        self.publish(
            "-t", self.topic("x"), "-q", 1, "-m", "m",
            "-D", "publish", "content-type", "text/plain",
            "-D", "publish", "user-property", "line", "4",
        )
        self.assertEqual(self.payloads(subscriber, 1), ["m text/plain line:4"])

    def test_shared_subscription(self):
        members = [
            self.start_subscriber("-t", "$share/g/" + self.topic("s"), "-q", 1, "-F", "got %p", "-C", 5)
            for _ in range(2)
        ]
        for number in range(10):
            self.publish("-t", self.topic("s"), "-q", 1, "-m", number)
        got = [word for member in members for word in self.payloads(member, 5)]
        self.assertEqual(sorted(map(int, got)), list(range(10)))
