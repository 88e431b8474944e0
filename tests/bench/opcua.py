#!/usr/bin/env python3
"""The OPC UA server beside a bare open62541 server and a node-opcua server with the same variables:
reads, notifications at 1,000 and 10,000 monitored items, the rate of values into the address space,
and the way from an MQTT publish to a subscriber. Basic256Sha256, SignAndEncrypt, one client."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

import _bench as bench  # first: it sets the search path
from modax_test.flood import publish
from modax_test.gateway import Gateway
from modax_test.npm import install_packages
from modax_test.opcua_load import OpcUaLoad, der
from modax_test.ports import free_port
from modax_test.tools import require_tool
from modax_test.waiting import wait_for

OPCUA = bench.SOURCE / "tests/opcua"
sys.path.insert(0, str(OPCUA))
os.environ.setdefault("MODAX_OPCUA_LOAD", str(bench.BUILD / "tests/support/opcua_load/modax_opcua_load"))
os.environ.setdefault("MODAX_NPM_DIR", str(bench.SOURCE / "build/npm"))
from opcua_peer import PASSWORD, Certificates  # noqa: E402 (after the search path is set)

PUBLISHING_MS = 200
# Those that change with each reading of modax_flood, in all three servers.
MEMBERS = ("Temperature", "Current", "Vibration", "SpindleSpeed", "Power")


class Security:
    def __init__(self, folder):
        certificates = Certificates(folder / "certificates")
        self.client_pem = certificates.make("client")
        self.client = der(*self.client_pem)
        self.server = der(*certificates.make(
            "server", uri="urn:modax:server", extended="serverAuth,clientAuth"))

    def of_client(self, server, **options):
        return {"url": server.url, "certificate": self.client[0], "key": self.client[1],
                **server.user, **options}


class Server:
    """One of the three: where it listens, and how its variables are made to change."""

    def __init__(self, url, change, **user):
        self.url = url
        self.change = change
        self.user = user


@contextlib.contextmanager
def ours(folder, security, devices, updates):
    with Gateway(folder, {"opcua.max_monitored_items": "100000", "analysis.enabled": "false"}) as gateway:
        gateway.start()
        secret = folder / "password"
        secret.write_text(PASSWORD)
        subprocess.run(
            [gateway.program, "user", "set", "scada", "--role", "scada", "--password-file", secret,
             "--data-dir", gateway.data], check=True, capture_output=True)
        shutil.copy(security.client_pem[0], gateway.data / "opcua/trusted/certs")
        publish(gateway.mqtt_port, qos=1, connections=1, devices=devices, count=devices).result()
        wait_for(lambda: gateway.metrics().total("modax_opcua_value_nodes") >= devices * 12,
                 "the variables", 60, 0.2)
        @contextlib.contextmanager
        def change(seconds):
            with publish(gateway.mqtt_port, qos=1, connections=10, devices=devices, rate=updates,
                         count=int(updates * (seconds + 1)), first_sequence=2_000_000_000):
                yield gateway

        server = Server(gateway.endpoints["opcua"], change, user="scada", password=PASSWORD)
        wait_for(lambda: answers(security.of_client(server)), "a session", 30, 0.5)
        yield server
        gateway.stop()


def answers(client):
    try:
        return OpcUaLoad("read", seconds=0.01, **client).result()["values"] > 0
    except AssertionError:
        return False


@contextlib.contextmanager
def always_changing(_):
    yield None


@contextlib.contextmanager
def bare(_, security, devices, updates):
    port = free_port()
    with OpcUaLoad("serve", port=port, devices=devices, updates=updates,
                   certificate=security.server[0], key=security.server[1]) as server:
        server.wait_ready()
        yield Server(f"opc.tcp://127.0.0.1:{port}", always_changing)
        server.process.terminate()


@contextlib.contextmanager
def node(folder, _, devices, updates):
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    process = subprocess.Popen(
        [require_tool("node"), pathlib.Path(__file__).with_name("opcua_node_server.mjs"),
         str(port), str(devices), str(updates), str(folder / "pki")],
        cwd=install_packages(OPCUA), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        while "ready" not in (line := process.stdout.readline()):
            if not line:
                raise AssertionError("the node-opcua server ended")
        yield Server(f"opc.tcp://127.0.0.1:{port}", always_changing)
    finally:
        process.kill()
        process.communicate()


SERVERS = (("gateway", ours), ("bare open62541", bare), ("node-opcua", node))


def add(results, measure, unit, values):
    for peer in ("bare open62541", "node-opcua"):
        results.add(f"{measure}, against {peer}", values["gateway"], unit, values[peer])


def reads(results, folder, security, runs, seconds):
    values = {}
    for name, start in SERVERS:
        with start(folder / f"reads-{name[:4]}", security, 1000, 0) as server:
            client = security.of_client(server, devices=1000)
            rates = []
            for _ in range(runs):
                report = OpcUaLoad("read", seconds=seconds, **client).result()
                rates.append(report["values"] / report["seconds"])
            values[name] = bench.median(rates)
    add(results, "values read, 100 a request, 1,000 devices", "1/s", values)


def notifications(results, folder, security, runs, seconds):
    for items, updates in ((1_000, 1_000), (10_000, 8_000)):
        values, ages = {}, {}
        devices = items // len(MEMBERS)
        for name, start in SERVERS:
            with start(folder / f"items{items}-{name[:4]}", security, devices, updates) as server:
                client = security.of_client(server, devices=devices, members=",".join(MEMBERS),
                                            interval=PUBLISHING_MS)
                rates = []
                for _ in range(runs):
                    with server.change(seconds + 8), \
                            OpcUaLoad("subscribe", seconds=seconds, **client) as load:
                        load.wait_ready()
                        report = load.result()
                    rates.append(report["notifications"] / report["seconds"])
                values[name] = bench.median(rates)
                ages[name] = report["age_p99_ms"]
        add(results, f"notifications, {items:,} items, {updates * len(MEMBERS):,} changes/s", "1/s", values)
        results.add(f"publish to notification p99, {items:,} items, of {PUBLISHING_MS + 20} ms",
                    ages["gateway"], "ms", PUBLISHING_MS + 20)


def values_in(results, folder, security, seconds):
    """Six values of each reading, 1,000 devices."""
    rate = 9_000
    with ours(folder / "values", security, 1000, rate) as server:
        with server.change(seconds + 3) as gateway:
            time.sleep(1.5)  # the load is under way
            name = "modax_opcua_values_written_total"
            before, start = gateway.metrics().total(name), time.monotonic()
            time.sleep(seconds)
            written = gateway.metrics().total(name) - before
            elapsed = time.monotonic() - start
            dropped = gateway.metrics().total("modax_opcua_dropped_events_total")
    results.add("values into the address space, 1,000 devices, against 50,000", written / elapsed,
                "1/s", 50_000)
    results.add("events dropped on the way", dropped, "events")


def main():
    parser = bench.arguments(__doc__)
    options = parser.parse_args()
    runs, seconds = (1, 3) if options.quick else (3, 8)
    results = bench.Results("opcua")
    results.heading()
    with bench.Workplace() as folder:
        security = Security(folder)
        reads(results, folder, security, runs, seconds)
        notifications(results, folder, security, runs, seconds)
        values_in(results, folder, security, seconds)
    results.write()


if __name__ == "__main__":
    main()
