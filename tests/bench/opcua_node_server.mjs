// A node-opcua server with the variables of a gateway's devices, to compare with: node
// opcua_node_server.mjs PORT DEVICES UPDATES PKI, run in the folder where node-opcua is installed.
// UPDATES: of a device, each second over all devices. Prints "ready" when it listens.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.cwd(), "package.json"));
const { DataType, OPCUACertificateManager, OPCUAServer, StatusCodes, Variant } = require("node-opcua");
const [port, devices, updates] = process.argv.slice(2, 5).map(Number);
const members = ["Temperature", "Current", "Vibration", "SpindleSpeed", "Power", "FeedRate", "IsSafe"];

const manager = new OPCUACertificateManager({
  rootFolder: process.argv[5], automaticallyAcceptUnknownCertificate: true,
});
await manager.initialize();
const server = new OPCUAServer({
  port, hostname: "127.0.0.1", serverCertificateManager: manager,
  userManager: { isValidUser: () => true },
  serverCapabilities: { maxMonitoredItems: 100000, maxMonitoredItemsPerCall: 10000, maxNodesPerRead: 10000 },
});
await server.initialize();
const space = server.engine.addressSpace;
const own = space.getOwnNamespace();
const folder = own.addFolder("ObjectsFolder", { browseName: "MODAX" });
const variables = [];
for (let device = 0; device < devices; device++) {
  const name = `FLOOD-${String(device).padStart(5, "0")}`;
  variables.push(members.map((member) => own.addVariable({
    organizedBy: folder, browseName: `${name}.${member}`, nodeId: `s=MODAX.Devices.${name}.${member}`,
    dataType: "Double", value: new Variant({ dataType: DataType.Double, value: 0 }),
  })));
}
await server.start();
console.log("ready");

let done = 0;
const start = performance.now();
if (updates > 0) {
  setInterval(() => {
    const due = ((performance.now() - start) / 1000) * updates;
    // What can't be done in time is left out, as a server that can't keep up does.
    if (due - done > updates) done = Math.floor(due);
    for (; done < due; done++) {
      variables[done % devices].forEach((variable, index) => {
        const value = index < 5 ? done : 1;
        variable.setValueFromSource({ dataType: DataType.Double, value }, StatusCodes.Good, new Date());
      });
    }
  }, 5);
}
process.on("SIGTERM", async () => {
  await server.shutdown();
  process.exit(0);
});
