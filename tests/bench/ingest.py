#!/usr/bin/env python3
"""Stored readings per second of the gateway beside what Mosquitto merely forwards to a subscriber
that throws away: same publisher, same payload, one machine, interleaved runs, medians.

The gateway's figure is: rows in the database, counted there, divided by the time from the first
publish until all of them could be counted. Mosquitto's: messages at the subscriber, divided by the
time from the first publish to the last one's arrival. At QoS 0 either may drop; only what arrived
counts."""
import contextlib
import time

import _bench as bench  # first: it sets the search path
from modax_test.certificates import Certificates
from modax_test.flood import publish, subscribe
from modax_test.gateway import Gateway
from modax_test.ledger import read_ledger
from modax_test.mosquitto import Mosquitto
from modax_test.waiting import wait_for

WINDOW = 1000  # messages on the way, of one connection; both brokers get the same
# One connection, and 50 and 500, share this window so that queues do not grow with connections.
TOTAL_WINDOW = 20_000


def window(connections):
    return max(20, min(WINDOW, TOTAL_WINDOW // connections))


class Subjects:
    """Both brokers, started fresh for each run so that no run inherits the other's state."""

    def __init__(self, folder, count):
        self.folder = folder
        self.count = count
        self.runs = 0
        self.certificates = Certificates(folder / "tls")

    def options(self, qos, tls, connections):
        options = {
            "qos": qos, "connections": connections, "count": self.count, "limit": 120,
            "window": window(connections), "mqtt_version": 4, "host": "localhost",
        }
        if tls:
            options.update(tls=True, ca=self.certificates.ca_file)
        return options

    def gateway(self, qos, tls, connections):
        self.runs += 1
        identity = self.certificates.server
        settings = {"mqtt.max_connections": 1000}
        if tls:
            settings.update({
                "mqtts.enabled": "true", "mqtts.port": "0", "mqtts.bind": "127.0.0.1",
                "tls.certificate_file": identity.certificate_file,
                "tls.key_file": identity.key_file,
            })
        with Gateway(self.folder / f"gateway{self.runs}", settings) as gateway:
            gateway.start()
            options = self.options(qos, tls, connections)
            ledger = self.folder / f"ledger{self.runs}"
            if qos:
                options["ledger"] = ledger
            port = gateway.mqtts_port if tls else gateway.mqtt_port
            before = gateway.cpu_seconds()
            report = publish(port, **options).result()
            stored, end = self.wait_stored(gateway, report["acknowledged"] if qos else None)
            if qos:
                acknowledged = sum(map(len, read_ledger(ledger).values()))
                if stored != acknowledged:
                    raise AssertionError(f"{acknowledged} in the ledger, {stored} in the database")
            cpu = gateway.cpu_seconds() - before
            gateway.stop()
        return stored / (end - report["first_publish_us"] / 1e6), cpu / stored * 1e6, stored

    def wait_stored(self, gateway, expected):
        """Rows in the database and when the last of them was there (by the wall clock)."""

        def settled():
            metrics = gateway.metrics()
            dropped = metrics.total("modax_ingest_dropped_total") or 0
            return metrics.total("modax_ingest_received_total") >= self.count and not metrics.total(
                "modax_ingest_pending") and (time.time(), dropped)

        end, dropped = wait_for(settled, "all readings stored", 120, 0.01)
        stored = gateway.stored_count()
        if expected is not None and (stored != expected or dropped):
            raise AssertionError(f"{expected} acknowledged, {stored} stored, {dropped} dropped")
        return stored, end

    def mosquitto(self, qos, tls, connections):
        self.runs += 1
        with contextlib.ExitStack() as stack:
            broker = stack.enter_context(Mosquitto(
                self.folder / f"mosquitto{self.runs}", self.certificates, max_queued_messages=0,
                max_inflight_messages=0, set_tcp_nodelay="true", log_dest="none",
            ))
            broker.start()
            drain = stack.enter_context(
                subscribe(broker.port, qos=qos, expect=self.count, idle=2, limit=120)
            )
            before = broker.cpu_seconds()
            options = self.options(qos, tls, connections)
            report = publish(broker.tls_port if tls else broker.port, **options).result()
            got = drain.result(check=qos > 0)
            cpu = broker.cpu_seconds() - before
        rate = got["received"] / ((got["last_us"] - report["first_publish_us"]) / 1e6)
        return rate, cpu / got["received"] * 1e6, got["received"]


def main():
    parser = bench.arguments(__doc__)
    parser.add_argument("--count", type=int, help="messages of each run")
    parser.add_argument("--only", help="for example qos1-plain-50")
    options = parser.parse_args()
    count = options.count or (60_000 if options.quick else 200_000)
    runs = 1 if options.quick else 3
    results = bench.Results("ingest")
    results.heading()
    with bench.Workplace() as folder:
        subjects = Subjects(folder, count)
        for qos in (1, 0):
            for tls in (False, True):
                for connections in (1, 50, 500):
                    name = f"qos{qos}-{'tls' if tls else 'plain'}-{connections}"
                    if options.only and options.only != name:
                        continue
                    measured = {"gateway": [], "mosquitto": []}
                    for _ in range(runs):
                        measured["gateway"].append(subjects.gateway(qos, tls, connections))
                        measured["mosquitto"].append(subjects.mosquitto(qos, tls, connections))
                    ours, theirs = (
                        [bench.median(column) for column in zip(*measured[who])]
                        for who in ("gateway", "mosquitto")
                    )
                    results.add(f"stored, {name}, against forwarded by Mosquitto", ours[0], "msg/s",
                                theirs[0])
                    results.add(f"processor time, {name}", ours[1], "us/msg", theirs[1])
                    if qos == 0:
                        results.add(f"arrived, {name}", ours[2] / count, "part", theirs[2] / count)
    results.write()


if __name__ == "__main__":
    main()
