// node-opcua as a client that does what it is told: one command a line on standard input, as JSON
// {"id", "op", …}; one answer a line, {"id", "result"} or {"id", "error"}. Driven by
// opcua_peer.py, which runs it in the folder where node-opcua is installed.
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

const require = createRequire(path.join(process.cwd(), "package.json"));
const opcua = require("node-opcua");
const { AttributeIds, DataType, MessageSecurityMode, OPCUAClient, SecurityPolicy } = opcua;
const clients = new Map();

function identity(user) {
  if (!user) return { type: opcua.UserTokenType.Anonymous };
  if (user.password !== undefined) {
    return { type: opcua.UserTokenType.UserName, userName: user.name, password: user.password };
  }
  const crypto = require("node-opcua-crypto");
  return {
    type: opcua.UserTokenType.Certificate,
    certificateData: crypto.readCertificate(user.certificate),
    privateKey: require("node:fs").readFileSync(user.key, "utf8"),
  };
}

function plain(dataValue) {
  const value = dataValue.value?.value;
  return {
    value: value === undefined ? null : value,
    type: dataValue.value ? DataType[dataValue.value.dataType] : null,
    status: dataValue.statusCode.name,
    source: dataValue.sourceTimestamp?.toISOString() ?? null,
    server: dataValue.serverTimestamp?.toISOString() ?? null,
  };
}

const operations = {
  async endpoints({ url }) {
    const client = OPCUAClient.create({ endpointMustExist: false });
    await client.connect(url);
    const endpoints = await client.getEndpoints();
    await client.disconnect();
    return endpoints.map((endpoint) => ({
      policy: endpoint.securityPolicyUri.split("#")[1],
      mode: MessageSecurityMode[endpoint.securityMode],
      tokens: endpoint.userIdentityTokens.map((token) => opcua.UserTokenType[token.tokenType]),
      application: endpoint.server.applicationUri,
    }));
  },
  async connect({ name, url, policy, mode, user, certificate, key, uri, pki }) {
    const manager = new opcua.OPCUACertificateManager({
      rootFolder: pki, automaticallyAcceptUnknownCertificate: true,
    });
    await manager.initialize();
    const client = OPCUAClient.create({
      applicationUri: uri,
      applicationName: "MODAX test client",
      certificateFile: certificate,
      privateKeyFile: key,
      clientCertificateManager: manager,
      securityPolicy: SecurityPolicy[policy],
      securityMode: MessageSecurityMode[mode],
      endpointMustExist: false,
      connectionStrategy: { maxRetry: 0, initialDelay: 50, maxDelay: 100 },
      requestedSessionTimeout: 60000,
    });
    // node-opcua takes it from the certificate, so that the two can't differ.
    client._getApplicationUri = () => uri;
    try {
      await client.connect(url);
      const session = await client.createSession(identity(user));
      clients.set(name, { client, session, events: [], notifications: [] });
    } catch (error) {
      await client.disconnect().catch(() => {});
      throw error;
    }
    return true;
  },
  async disconnect({ name }) {
    const { client, session, subscription } = clients.get(name);
    clients.delete(name);
    await subscription?.terminate().catch(() => {});
    await session.close().catch(() => {});
    await client.disconnect();
    return true;
  },
  async read({ name, nodes, attribute = "Value" }) {
    const values = await clients.get(name).session.read(
      nodes.map((nodeId) => ({ nodeId, attributeId: AttributeIds[attribute] })),
    );
    return values.map((value) => {
      const shown = plain(value);
      if (typeof shown.value?.toJSON === "function") shown.value = shown.value.toJSON();
      return shown;
    });
  },
  async write({ name, node, value }) {
    const status = await clients.get(name).session.write({
      nodeId: node, attributeId: AttributeIds.Value,
      value: { value: { dataType: DataType.Double, value } },
    });
    return status.name;
  },
  async add_node({ name, parent }) {
    const result = await clients.get(name).session.performMessageTransaction(
      new (require("node-opcua-service-node-management").AddNodesRequest)({
        nodesToAdd: [{
          parentNodeId: parent, referenceTypeId: "i=35", browseName: "Intruder",
          nodeClass: opcua.NodeClass.Object, typeDefinition: "i=61",
          nodeAttributes: null,
        }],
      }),
    );
    return result.results[0].statusCode.name;
  },
  async browse({ name, node }) {
    const result = await clients.get(name).session.browse({
      nodeId: node, browseDirection: opcua.BrowseDirection.Forward, includeSubtypes: true,
      referenceTypeId: "HierarchicalReferences", nodeClassMask: 0, resultMask: 63,
    });
    return {
      status: result.statusCode.name,
      nodes: (result.references ?? []).map((reference) => ({
        id: reference.nodeId.toString(),
        name: reference.browseName.name,
        type: reference.typeDefinition.toString(),
      })),
    };
  },
  async subscribe({ name, nodes, interval = 50, sampling = 0 }) {
    const entry = clients.get(name);
    entry.subscription = await entry.session.createSubscription2({
      requestedPublishingInterval: interval, requestedLifetimeCount: 1000,
      requestedMaxKeepAliveCount: 10, publishingEnabled: true, maxNotificationsPerPublish: 0,
      priority: 1,
    });
    for (const nodeId of nodes) {
      const item = await entry.subscription.monitor(
        { nodeId, attributeId: AttributeIds.Value },
        { samplingInterval: sampling, discardOldest: true, queueSize: 10 },
        opcua.TimestampsToReturn.Both,
      );
      item.on("changed", (value) => entry.notifications.push({ node: nodeId, ...plain(value) }));
    }
    return true;
  },
  async history({ name, node, start, end, max = 0, continuation }) {
    const details = new opcua.ReadRawModifiedDetails({
      isReadModified: false, startTime: start ? new Date(start) : undefined,
      endTime: end ? new Date(end) : undefined, numValuesPerNode: max, returnBounds: false,
    });
    const response = await clients.get(name).session.historyRead(new opcua.HistoryReadRequest({
      historyReadDetails: details, timestampsToReturn: opcua.TimestampsToReturn.Both,
      releaseContinuationPoints: false,
      nodesToRead: [{
        nodeId: node, continuationPoint: continuation && Buffer.from(continuation, "hex"),
      }],
    }));
    const result = response.results[0];
    return {
      status: result.statusCode.name,
      values: (result.historyData?.dataValues ?? []).map(plain),
      continuation: result.continuationPoint?.toString("hex") || null,
    };
  },
  async history_processed({ name, node, start, end, interval, aggregate, continuation }) {
    const details = new opcua.ReadProcessedDetails({
      startTime: new Date(start), endTime: new Date(end), processingInterval: interval,
      aggregateType: [opcua.AggregateFunction[aggregate]],
      aggregateConfiguration: { useServerCapabilitiesDefaults: true },
    });
    details.aggregateType = [opcua.resolveNodeId(opcua.AggregateFunction[aggregate] ?? aggregate)];
    const response = await clients.get(name).session.historyRead(new opcua.HistoryReadRequest({
      historyReadDetails: details, timestampsToReturn: opcua.TimestampsToReturn.Both,
      releaseContinuationPoints: false,
      nodesToRead: [{
        nodeId: node, continuationPoint: continuation && Buffer.from(continuation, "hex"),
      }],
    }));
    const result = response.results[0];
    return {
      status: result.statusCode.name,
      values: (result.historyData?.dataValues ?? []).map((value) => ({
        ...plain(value), code: value.statusCode.value,
      })),
      continuation: result.continuationPoint?.toString("hex") || null,
    };
  },
  // Events of a node, with these fields ("ActiveState.Id").
  async subscribe_events({ name, node, fields }) {
    const entry = clients.get(name);
    entry.subscription ??= await entry.session.createSubscription2({
      requestedPublishingInterval: 50, requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 10,
      publishingEnabled: true, maxNotificationsPerPublish: 0, priority: 1,
    });
    const item = await entry.subscription.monitor(
      { nodeId: node, attributeId: AttributeIds.EventNotifier },
      {
        samplingInterval: 0, queueSize: 100, discardOldest: true,
        filter: new opcua.EventFilter({
          selectClauses: fields.map((field) => new opcua.SimpleAttributeOperand({
            typeDefinitionId: opcua.resolveNodeId("BaseEventType"),
            browsePath: field.split(".").map((part) => ({ namespaceIndex: 0, name: part })),
            attributeId: AttributeIds.Value,
          })),
        }),
      },
      opcua.TimestampsToReturn.Both,
    );
    item.on("changed", (values) => entry.events.push(Object.fromEntries(
      fields.map((field, index) => {
        const value = values[index].value;
        return [field, value?.text ?? (value instanceof Date ? value.toISOString() : value?.toString?.() === "[object Object]" ? String(value) : value)];
      }),
    )));
    return item.statusCode.name;
  },
  async events({ name }) {
    return clients.get(name).events;
  },
  async call({ name, object, method }) {
    const result = await clients.get(name).session.call({
      objectId: object, methodId: method, inputArguments: [],
    });
    return result.statusCode.name;
  },
  async notifications({ name }) {
    return clients.get(name).notifications;
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, op, ...parameters } = JSON.parse(line);
  let answer;
  try {
    answer = { id, result: await operations[op](parameters) };
  } catch (error) {
    answer = { id, error: String(error?.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
