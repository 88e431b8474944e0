// MQTT.js against a broker: node mqttjs_cases.mjs URL VERSION (4 or 5). Prints one line of JSON for
// each case; exit 0 when all passed. Run by mqttjs_test.py, which installs MQTT.js.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const [url, version] = process.argv.slice(2);
const protocolVersion = Number(version);
const require = createRequire(path.join(process.cwd(), "package.json"));
const mqtt = require("mqtt");
const root = `mqttjs-${process.pid}-${Date.now()}`;
const open = new Set();
let number = 0;

async function connect(options = {}) {
  const client = await mqtt.connectAsync(url, {
    protocolVersion,
    clientId: `${root}-${++number}`,
    reconnectPeriod: 0,
    connectTimeout: 10_000,
    ...options,
  });
  client.received = [];
  client.on("message", (topic, payload, packet) =>
    client.received.push({ ...packet, topic, payload_text: payload.toString() }),
  );
  client.on("error", () => {});
  open.add(client);
  return client;
}

async function until(condition, what) {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// A promise that MQTT.js never settles (its connection is gone) must not hold the others up.
function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const cases = {
  async "each QoS there and back"() {
    const client = await connect();
    const topic = `${root}/qos`;
    const granted = await client.subscribeAsync(topic, { qos: 2 });
    assert.equal(granted[0].qos, 2);
    for (const qos of [0, 1, 2]) await client.publishAsync(topic, `qos ${qos}`, { qos });
    await until(() => client.received.length >= 3, "three messages");
    assert.deepEqual(
      client.received.map((message) => [message.payload_text, message.qos]).sort(),
      [["qos 0", 0], ["qos 1", 1], ["qos 2", 2]],
    );
  },
  async "retained message"() {
    const client = await connect();
    const topic = `${root}/retained`;
    await client.publishAsync(topic, "kept", { qos: 1, retain: true });
    await client.subscribeAsync(topic, { qos: 1 });
    await until(() => client.received.length >= 1, "the retained message");
    assert.deepEqual([client.received[0].payload_text, client.received[0].retain], ["kept", true]);
    await client.publishAsync(topic, "", { qos: 1, retain: true });
  },
  async "will of a lost connection"() {
    const watcher = await connect();
    const topic = `${root}/will`;
    await watcher.subscribeAsync(topic, { qos: 1 });
    const client = await connect({ will: { topic, payload: Buffer.from("gone"), qos: 1, retain: false } });
    client.stream.destroy();
    await until(() => watcher.received.length >= 1, "the will");
    assert.equal(watcher.received[0].payload_text, "gone");
  },
  async "five hundred messages in order"() {
    const [publisher, subscriber] = [await connect(), await connect()];
    const topic = `${root}/order`;
    await subscriber.subscribeAsync(topic, { qos: 1 });
    const sent = [];
    for (let count = 0; count < 500; ++count) sent.push(publisher.publishAsync(topic, `${count}`, { qos: 1 }));
    await Promise.all(sent);
    await until(() => subscriber.received.length >= 500, "500 messages");
    assert.deepEqual(
      subscriber.received.map((message) => Number(message.payload_text)),
      [...Array(500).keys()],
    );
  },
  async "large message"() {
    const client = await connect();
    const topic = `${root}/large`;
    await client.subscribeAsync(topic, { qos: 1 });
    const payload = "x".repeat(200_000);
    await client.publishAsync(topic, payload, { qos: 1 });
    await until(() => client.received.length >= 1, "the large message");
    assert.equal(client.received[0].payload_text, payload);
  },
  async "persistent session"() {
    const clientId = `${root}-session`;
    const options = { clientId, clean: false };
    if (protocolVersion === 5) options.properties = { sessionExpiryInterval: 60 };
    const first = await connect(options);
    const topic = `${root}/session`;
    await first.subscribeAsync(topic, { qos: 1 });
    await first.endAsync();
    const publisher = await connect();
    await publisher.publishAsync(topic, "while away", { qos: 1 });
    const second = mqtt.connect(url, { protocolVersion, reconnectPeriod: 0, ...options });
    open.add(second);
    const got = [];
    second.on("message", (_, payload) => got.push(payload.toString()));
    await until(() => got.length >= 1, "the queued message");
    assert.deepEqual(got, ["while away"]);
  },
  async "unsubscribe"() {
    const client = await connect();
    const topic = `${root}/unsubscribe`;
    await client.subscribeAsync([topic, `${topic}/end`], { qos: 1 });
    await client.unsubscribeAsync(topic);
    await client.publishAsync(topic, "late", { qos: 1 });
    await client.publishAsync(`${topic}/end`, "end", { qos: 1 });
    await until(() => client.received.length >= 1, "the marker");
    assert.deepEqual(client.received.map((message) => message.payload_text), ["end"]);
  },
};

if (protocolVersion === 5) {
  cases["properties pass through"] = async () => {
    const client = await connect();
    const topic = `${root}/properties`;
    await client.subscribeAsync(topic, { qos: 1 });
    await client.publishAsync(topic, "m", {
      qos: 1,
      properties: {
        contentType: "application/json", responseTopic: `${root}/answer`,
        correlationData: Buffer.from("7"), userProperties: { line: "4" },
      },
    });
    await until(() => client.received.length >= 1, "the message");
    const { properties } = client.received[0];
    assert.equal(properties.contentType, "application/json");
    assert.equal(properties.responseTopic, `${root}/answer`);
    assert.equal(properties.correlationData.toString(), "7");
    assert.equal(properties.userProperties.line, "4");
  };
  cases["topic aliases"] = async () => {
    const client = await connect({ autoAssignTopicAlias: true, properties: { topicAliasMaximum: 5 } });
    const topic = `${root}/alias`;
    await client.subscribeAsync(topic, { qos: 1 });
    for (let count = 0; count < 5; ++count) await client.publishAsync(topic, `${count}`, { qos: 1 });
    await until(() => client.received.length >= 5, "five messages");
    assert.ok(client.received.every((message) => message.topic === topic));
  };
}

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  let error = null;
  try {
    await within(20_000, run());
  } catch (caught) {
    error = String(caught.stack ?? caught);
    ++failed;
  }
  for (const client of open) client.end(true);
  open.clear();
  console.log(JSON.stringify({ name, error }));
}
process.exit(failed ? 1 : 0);
