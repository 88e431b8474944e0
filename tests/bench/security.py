#!/usr/bin/env python3
"""What checking keys costs GET /devices/{id}/data, beside the same server that admits everyone; and
how much slower others are answered while slowhttptest holds hundreds of connections."""
import contextlib
import subprocess

import _bench as bench  # first: it sets the search path
from modax_test.gateway import Gateway
from modax_test.flood import publish
from modax_test.tools import require_tool

SERVER = bench.BUILD / "tests/support/rest_server/modax_rest_server"
ATTACKS = {
    "slow heads": (["-H", "-i", "3", "-x", "24"], "/"),
    "slow bodies": (["-B", "-i", "3", "-s", "8192", "-t", "POST", "-x", "10"], "/api/v1/keys"),
    "slow readers": (["-X", "-n", "3", "-w", "10", "-y", "20", "-z", "16", "-k", "10"], "/metrics"),
}


@contextlib.contextmanager
def rest_server(*options):
    """(address of the reading, header with a key)"""
    server = subprocess.Popen(
        [SERVER, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        port, key = server.stdout.readline().split()
        yield f"http://127.0.0.1:{port}/api/v1/devices/bench-01/data", f"X-API-Key: {key}"
    finally:
        server.communicate("\n", timeout=30)


def cost_of_keys(results, runs, seconds):
    rates = {True: [], False: []}
    with rest_server() as checked, rest_server("--without-keys") as open_to_all:
        bench.wrk(checked[0], 1, checked[1])
        bench.wrk(open_to_all[0], 1, open_to_all[1])
        for run in range(runs):
            # By turns, and each first as often as the other.
            for with_keys in ((True, False) if run % 2 == 0 else (False, True)):
                address, header = checked if with_keys else open_to_all
                rates[with_keys].append(bench.wrk(address, seconds, header)[0])
    results.add(
        "REST latest value with keys, limits and audit, against without",
        bench.median(rates[True]), "req/s", bench.median(rates[False]),
    )


def others_under_attack(results, folder, seconds):
    with Gateway(folder / "attacked") as gateway:
        gateway.start()
        publish(gateway.mqtt_port, qos=1, count=100).result()
        root = gateway.endpoints["http"].rstrip("/")
        address = root + "/api/v1/devices/flood-00000/data"
        header = f"X-API-Key: {gateway.admin_key}"
        idle = bench.wrk(address, seconds, header, connections=8)
        for name, (mode, path) in ATTACKS.items():
            attack = subprocess.Popen(
                [require_tool("slowhttptest"), "-c", "300", "-r", "300", "-l", str(seconds + 2),
                 *mode, "-u", root + path],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            try:
                under = bench.wrk(address, seconds, header, connections=8)
            finally:
                attack.terminate()
                attack.wait(10)
            results.add(f"p99 of others under {name}, against idle", under[1], "ms", idle[1])
            results.add(f"rate of others under {name}, against idle", under[0], "req/s", idle[0])
        gateway.stop()


def main():
    options = bench.arguments(__doc__).parse_args()
    results = bench.Results("security")
    results.heading()
    cost_of_keys(results, 4 if options.quick else 10, 2 if options.quick else 5)
    with bench.Workplace() as folder:
        others_under_attack(results, folder, 6 if options.quick else 20)
    results.write()


if __name__ == "__main__":
    main()
