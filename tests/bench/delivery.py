#!/usr/bin/env python3
"""Reports a second into the gateway (POST, 2xx: durable, with its delivery queued), and deliveries a
second out of it into a peer on this machine that answers at once."""
import concurrent.futures
import http.server
import threading
import time

import _bench as bench  # first: it sets the search path
import requests
from modax_test.gateway import Gateway
from modax_test.waiting import wait_for

CONNECTOR = """name = "fast"
events = ["production.completed"]
[request]
url = "{url}/reports"
mapping = ".body"
[idempotency]
header = "Idempotency-Key"
honoured = true
[limits]
per_second = 100000
"""


class Peer(http.server.BaseHTTPRequestHandler):
    taken = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append(self.headers["Idempotency-Key"])
        self.send_response(204)
        self.end_headers()


def measure(results, folder, reports, clients):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connectors = folder / "connectors"
    connectors.mkdir()
    (connectors / "fast.toml").write_text(
        CONNECTOR.format(url=f"http://127.0.0.1:{server.server_port}")
    )
    settings = {
        "connectors.directory": connectors,
        "connectors.allowed_hosts": "127.0.0.1",
        "connectors.allowed_networks": "127.0.0.0/8",
    }
    with Gateway(folder / "gateway", settings) as gateway:
        gateway.start()
        root = gateway.endpoints["http"].rstrip("/")
        made = requests.post(
            root + "/api/v1/keys", headers={"X-API-Key": gateway.admin_key}, timeout=30,
            json={"name": "bench", "scopes": ["production:write", "outbox:read", "metrics:read"]},
        )
        headers = {"X-API-Key": made.json()["key"]}

        def post(first):
            with requests.Session() as session:
                for number in range(first, reports, clients):
                    session.post(
                        f"{root}/api/v1/production/orders/{number}/complete", headers=headers,
                        json={"quantity_produced": 1, "quantity_rejected": 0}, timeout=60,
                    ).raise_for_status()

        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            list(pool.map(post, range(clients)))
        posted, there = time.monotonic(), len(Peer.taken)
        results.add(f"reports by {clients} clients, delivering beside it", reports / (posted - begin), "reports/s")
        wait_for(lambda: len(set(Peer.taken)) >= reports, "all deliveries", 600, 0.02)
        if reports > there:
            rate = (reports - there) / (time.monotonic() - posted)
            results.add("deliveries of one connector, nothing beside it", rate, "calls/s")
    server.shutdown()


def main():
    options = bench.arguments(__doc__).parse_args()
    results = bench.Results("delivery")
    results.heading()
    with bench.Workplace() as folder:
        measure(results, folder, 300 if options.quick else 2000, 8)
    results.write()


if __name__ == "__main__":
    main()
