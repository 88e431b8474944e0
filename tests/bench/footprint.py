#!/usr/bin/env python3
"""Resident memory at rest and with 1,000 devices at 10 Hz, processor time of a stored reading, and
the time from the start to /ready. Mosquitto's figures beside."""
import time

import requests

import _bench as bench  # first: it sets the search path
from modax_test.certificates import Certificates
from modax_test.flood import publish, subscribe
from modax_test.gateway import Gateway
from modax_test.mosquitto import Mosquitto, answers
from modax_test.ports import free_ports
from modax_test.waiting import wait_for

MEGABYTE = 1e6
DEVICES, HERTZ = 1000, 10


def start_to_ready(folder, fresh, runs):
    """Median seconds until /ready says 200, on an empty folder or on one with data."""
    measured = []
    for number in range(runs):
        http, mqtt = free_ports(2)
        name = f"start-{number}" if fresh else "start-again"
        gateway = Gateway(folder / name, {"http.port": str(http), "mqtt.port": str(mqtt)})
        if not fresh and number == 0:
            gateway.start()
            publish(gateway.mqtt_port, qos=1, count=50_000).result()
            gateway.stop()
        started = time.perf_counter()
        gateway.launch()
        session = requests.Session()

        def ready():
            try:
                return session.get(f"http://127.0.0.1:{http}/ready", timeout=2).status_code == 200
            except requests.ConnectionError:
                return False

        wait_for(ready, "ready", 20, 0.002)
        measured.append(time.perf_counter() - started)
        gateway.stop()
    return bench.median(measured)


def mosquitto_start(folder, runs):
    measured = []
    for number in range(runs):
        broker = Mosquitto(folder / f"mosquitto-start-{number}")
        started = time.perf_counter()
        broker.start()
        wait_for(lambda: answers(broker.port), "listening")
        measured.append(time.perf_counter() - started)
        broker.stop()
    return bench.median(measured)


def everything_on(folder):
    """All there is to switch on."""
    identity = Certificates(folder / "tls").server
    return {
        "mqtts.enabled": "true", "mqtts.bind": "127.0.0.1", "mqtts.port": "0",
        "https.enabled": "true", "https.bind": "127.0.0.1", "https.port": "0",
        "mqtt.ws_enabled": "true", "mqtt.ws_port": "0",
        "tls.certificate_file": identity.certificate_file, "tls.key_file": identity.key_file,
    }


def load(port, seconds):
    return publish(port, qos=1, connections=100, devices=DEVICES, rate=DEVICES * HERTZ,
                   count=DEVICES * HERTZ * seconds, window=100, limit=seconds + 60)


def main():
    options = bench.arguments(__doc__).parse_args()
    seconds = 8 if options.quick else 30
    runs = 3 if options.quick else 7
    results = bench.Results("footprint")
    results.heading()
    with bench.Workplace() as folder:
        with Mosquitto(folder / "mosquitto", max_queued_messages=0) as broker:
            broker.start()
            theirs_rest = broker.resident_bytes()
            with subscribe(broker.port, qos=1, limit=600) as drain:
                before = broker.cpu_seconds()
                flood = load(broker.port, seconds)
                report = flood.result()
                theirs_cpu = (broker.cpu_seconds() - before) / report["acknowledged"] * 1e6
                theirs_load = broker.resident_bytes()
                drain.stop()
        for name, settings in (("plain", {}), ("everything on", everything_on(folder))):
            with Gateway(folder / f"rest-{name[:5]}", settings) as gateway:
                gateway.start()
                wait_for(gateway.is_ready, "ready")
                results.add(f"resident at rest, {name}", gateway.resident_bytes() / MEGABYTE, "MB",
                            theirs_rest / MEGABYTE)
                gateway.stop()
        with Gateway(folder / "load") as gateway:
            gateway.start()
            before = gateway.cpu_seconds()
            highest = 0
            flood = load(gateway.mqtt_port, seconds)
            while flood.running:
                highest = max(highest, gateway.resident_bytes())
                time.sleep(0.2)
            report = flood.result()
            wait_for(lambda: gateway.stored_count() >= report["acknowledged"], "stored", 30)
            cpu = (gateway.cpu_seconds() - before) / report["acknowledged"] * 1e6
            gateway.stop()
        results.add(f"resident, {DEVICES} devices at {HERTZ} Hz (highest)", highest / MEGABYTE, "MB",
                    theirs_load / MEGABYTE)
        results.add("kept up with the rate", report["rate"] / (DEVICES * HERTZ), "part")
        results.add("processor time of a stored reading", cpu, "us", theirs_cpu)
        results.add("PUBACK after publish, p50", report["latency_us"]["p50"] / 1000, "ms")
        results.add("PUBACK after publish, p99", report["latency_us"]["p99"] / 1000, "ms")
        theirs = mosquitto_start(folder, runs)
        results.add("start to /ready, empty folder", start_to_ready(folder, True, runs), "s", theirs)
        results.add("start to /ready, 50,000 readings", start_to_ready(folder, False, runs), "s",
                    theirs)
    results.write()


if __name__ == "__main__":
    main()
