"""What the benchmark drivers share: binaries of a build, medians, the table and the JSON file."""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MODAX_BUILD_DIR", SOURCE / "build" / "release"))
RESULTS = SOURCE / "build" / "bench"

sys.path.insert(0, str(SOURCE / "tests" / "support" / "python"))
os.environ.setdefault("MODAX_BINARY", str(BUILD / "modax"))
os.environ.setdefault("MODAX_FLOOD", str(BUILD / "tests/support/flood/modax_flood"))
os.environ.setdefault("MODAX_WS_DRAIN", str(BUILD / "tests/support/flood/modax_ws_drain"))

from modax_test.tools import require_tool  # noqa: E402 (after the search path is set)


class Results:
    """Rows of {measure, value, unit, against, ratio}: `against` is the peer's value, `ratio` ours
    divided by it."""

    def __init__(self, name):
        self.name = name
        self.rows = []

    def add(self, measure, value, unit, against=None):
        ratio = value / against if against else None
        self.rows.append({
            "measure": measure, "value": rounded(value), "unit": unit,
            "against": rounded(against), "ratio": rounded(ratio),
        })
        print(self.line(self.rows[-1]), flush=True)

    @staticmethod
    def line(row):
        against = "" if row["against"] is None else f"{row['against']:>14,}"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:>8.2f}"
        return f"{row['measure']:<58} {row['value']:>14,} {row['unit']:<10} {against:>14} {ratio:>8}"

    def heading(self):
        print(f"{'measure':<58} {'value':>14} {'unit':<10} {'against':>14} {'ratio':>8}", flush=True)

    def write(self):
        RESULTS.mkdir(parents=True, exist_ok=True)
        file = RESULTS / f"{self.name}.json"
        file.write_text(json.dumps(self.rows, indent=2) + "\n")
        print(f"written to {file.relative_to(SOURCE)}")


def rounded(value):
    if value is None:
        return None
    if abs(value) >= 1000:
        return round(value)
    return round(value, 3)


def median(values):
    return statistics.median(values)


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="shorter runs, fewer of them")
    return parser


class Workplace:
    """A folder for one run, on the disk of the build folder (a tmpfs would not sync)."""

    def __enter__(self):
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=RESULTS))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def wrk(url, seconds, header=None, connections=64):
    """Requests per second and p99 in milliseconds."""
    command = [require_tool("wrk"), "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    if header:
        command += ["-H", header]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    if "Non-2xx" in done.stdout:
        raise AssertionError(f"{url} did not answer 200:\n{done.stdout}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
