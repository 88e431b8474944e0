#!/usr/bin/env python3
"""From publish to WebSocket: latency at 5,000 and 10,000 readings/s beside a raw subscriber of
Mosquitto, fan-out to many clients, ingest while REST is saturated, and REST latest value beside
nginx with the same JSON as a static file."""
import subprocess
import time

import _bench as bench  # first: it sets the search path
from modax_test.flood import drain_websocket, publish, subscribe
from modax_test.gateway import Gateway
from modax_test.mosquitto import Mosquitto, answers
from modax_test.ports import free_port
from modax_test.tools import require_tool
from modax_test.waiting import wait_for

SETTINGS = {
    "http.max_connections": "3000", "http.max_connections_per_address": "3000",
    "websocket.max_clients": "2000",
}
NGINX = """
worker_processes auto; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; sendfile on; tcp_nodelay on;
  open_file_cache max=10 inactive=60s; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


def latency(results, folder, runs, seconds):
    for rate in (5_000, 10_000):
        ours, theirs = [], []
        for run in range(runs):
            load = {"qos": 1, "connections": 50, "rate": rate, "count": rate * seconds,
                    "window": 400, "limit": 120}
            with Gateway(folder / f"latency{rate}-{run}", SETTINGS) as gateway:
                gateway.start()
                with drain_websocket(
                    gateway.http_port, key=gateway.admin_key, latency=True, limit=120
                ) as drain:
                    publish(gateway.mqtt_port, **load).result()
                    wait_for(lambda: gateway.stored_count() >= rate * seconds, "stored", 30)
                    time.sleep(0.5)  # the last frames are on their way
                    ours.append(drain.stop())
                gateway.stop()
            with Mosquitto(folder / f"mosquitto{rate}-{run}", max_queued_messages=0) as broker:
                broker.start()
                with subscribe(broker.port, qos=1, latency=True, expect=rate * seconds,
                               limit=120) as drain:
                    publish(broker.port, **load).result()
                    theirs.append(drain.result())
        for name in ("p50", "p99"):
            values = [[report["latency_us"][name] / 1000 for report in reports]
                      for reports in (ours, theirs)]
            results.add(f"publish to WebSocket {name}, {rate}/s, against raw subscriber",
                        bench.median(values[0]), "ms", bench.median(values[1]))
        arrived = min(report["readings"] for report in ours) / (rate * seconds)
        results.add(f"readings that arrived, {rate}/s", arrived, "part")


def fan_out(results, folder, seconds):
    for clients, rate in ((100, 10_000), (1_000, 1_000)):
        with Gateway(folder / f"fan{clients}", SETTINGS) as gateway:
            gateway.start()
            with drain_websocket(
                gateway.http_port, key=gateway.admin_key, connections=clients, limit=180
            ) as drain:
                publish(gateway.mqtt_port, qos=1, connections=10, rate=rate, count=rate * seconds,
                        window=1000, limit=120).result()
                time.sleep(1.0)
                report = drain.stop()
            gateway.stop()
        results.add(f"readings/s to {clients} clients at {rate}/s",
                    report["readings"] / report["seconds"], "1/s", clients * rate)
        results.add(f"clients cut off, {clients} clients",
                    sum(report["closed"].values()), "clients")
        results.add(f"gap notices, {clients} clients", report["gaps"], "frames")


def rest(results, folder, runs, seconds):
    nginx = require_tool("nginx")
    with Gateway(folder / "rest", SETTINGS) as gateway:
        gateway.start()
        publish(gateway.mqtt_port, qos=1, count=1000).result()
        path = "/api/v1/devices/flood-00000/data"
        body = gateway.get(path).content
        www = folder / "nginx" / "www" / "api/v1/devices/flood-00000"
        www.mkdir(parents=True)
        (www / "data").write_bytes(body)
        for part in (folder, folder / "nginx", folder / "nginx" / "www", *www.parents):
            if folder in (part, *part.parents):
                part.chmod(0o755)
        port = free_port()
        configuration = folder / "nginx" / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder / "nginx", port=port))
        peer = subprocess.Popen([nginx, "-p", folder / "nginx", "-c", configuration])
        try:
            wait_for(lambda: answers(port), "nginx listens")
            key = f"X-API-Key: {gateway.admin_key}"
            ours, theirs = [], []
            for _ in range(runs):
                ours.append(bench.wrk(gateway.endpoints["http"].rstrip("/") + path, seconds, key))
                theirs.append(bench.wrk(f"http://127.0.0.1:{port}{path}", seconds))
        finally:
            peer.terminate()
            peer.wait(10)
        gateway.stop()
    columns = [[bench.median(column) for column in zip(*rows)] for rows in (ours, theirs)]
    results.add("REST latest value, 64 connections, against nginx static", columns[0][0], "req/s",
                columns[1][0])
    results.add("REST latest value p99, against nginx static", columns[0][1], "ms", columns[1][1])


def ingest_under_rest(results, folder, runs, count):
    """The publisher at full speed: alone, and while wrk asks for the latest value without pause."""
    rates = {False: [], True: []}
    for run in range(runs):
        for saturated in (False, True):
            with Gateway(folder / f"both{run}{saturated}", SETTINGS) as gateway:
                gateway.start()
                publish(gateway.mqtt_port, qos=1, count=100, device_prefix="flood").result()
                url = gateway.endpoints["http"].rstrip("/") + "/api/v1/devices/flood-00000/data"
                asking = None
                if saturated:
                    asking = subprocess.Popen(
                        [require_tool("wrk"), "-t1", "-c64", "-d120s", url, "-H",
                         f"X-API-Key: {gateway.admin_key}"], stdout=subprocess.DEVNULL,
                    )
                try:
                    report = publish(gateway.mqtt_port, qos=1, connections=50, count=count,
                                     window=400, device_prefix="load", limit=120).result()
                finally:
                    if asking is not None:
                        asking.terminate()
                        asking.wait(10)
                rates[saturated].append(report["rate"])
                gateway.stop()
    results.add("ingest while REST is saturated, against alone", bench.median(rates[True]), "msg/s",
                bench.median(rates[False]))


def main():
    options = bench.arguments(__doc__).parse_args()
    runs = 1 if options.quick else 3
    seconds = 4 if options.quick else 10
    results = bench.Results("live")
    results.heading()
    with bench.Workplace() as folder:
        latency(results, folder, runs, seconds)
        fan_out(results, folder, seconds)
        ingest_under_rest(results, folder, runs, 60_000 if options.quick else 200_000)
        rest(results, folder, runs, seconds)
    results.write()


if __name__ == "__main__":
    main()
