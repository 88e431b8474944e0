"""Checks that every #include of src/ goes in the direction docs/architecture.md allows.

The two tables below are the one place where the direction is written down. Usage:
    module_direction.py [SOURCE_DIR]      (default: src/ of this repository)
Prints one line for each include that breaks a rule; exits with 1 when there is one.
"""

import pathlib
import re
import sys

INNER = {"analysis", "delivery", "ingest", "live", "operations", "simulation"}
ADAPTERS = {
    "mqtt", "landing", "store", "http", "opcua", "security", "telemetry", "config", "exporter",
    "connectors",
}

# Module -> the modules whose headers it may include (its own are always allowed).
MAY_INCLUDE = {
    "core": set(),
    **{inner: {"core"} for inner in INNER},
    **{adapter: {"core"} | INNER for adapter in ADAPTERS},
    "app": {"core"} | INNER | ADAPTERS,
    # Commands that work without a running gateway (keys, users, simulate) need no wiring.
    "cli": {"core", "app"} | INNER | ADAPTERS,
}

EVERYWHERE = set(MAY_INCLUDE)
# Third-party header (prefix) -> the modules that own it. A library in no row may not be used.
OWNERS = {
    "tl/": EVERYWHERE,
    "simdjson": {"ingest"},
    "Eigen/": {"analysis"},
    "sqlite3.h": {"landing"},
    "libpq-fe.h": {"store"},
    "boost/asio": {"mqtt", "http", "app", "cli"},
    "boost/beast": {"mqtt", "http"},
    "boost/": {"mqtt", "http"},
    "openssl/": {"security", "mqtt", "http", "opcua"},
    "open62541/": {"opcua"},
    "argon2.h": {"security"},
    "spdlog/": {"telemetry"},
    "prometheus/": {"telemetry"},
    "toml++/": {"config", "connectors"},
    "curl/": {"connectors"},
    "jq.h": {"connectors"},
    "jv.h": {"connectors"},
    "CLI/": {"cli"},
    "xlsxwriter": {"exporter"},
    "zlib.h": {"exporter"},
    "nlohmann/": EVERYWHERE - {"core"} - INNER,
}

# What the operating system brings; anything else with a path or a ".h" is a library.
SYSTEM = re.compile(
    r"^(sys|netinet|arpa|net|linux)/|"
    r"^(unistd|fcntl|signal|poll|pthread|pwd|termios|syslog|dirent|netdb|getopt|sched|spawn)\.h$"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
SUFFIXES = {".cpp", ".hpp", ".h", ".in"}


def complaint(module, header, quoted):
    """What is wrong with `header` in `module`, or None."""
    if quoted:
        if "/" not in header:
            return f'"{header}" does not name its module; write "{module}/{header}"'
        target = header.split("/", 1)[0]
        if target not in MAY_INCLUDE:
            return f'"{header}" is in no known module'
        if target != module and target not in MAY_INCLUDE[module]:
            return f'{module} may not include {target} ("{header}")'
        return None
    if SYSTEM.search(header) or ("/" not in header and not header.endswith(".h")):
        if not header.startswith("simdjson"):
            return None
    # The longest prefix decides: boost/asio is owned apart from the rest of Boost.
    prefixes = [prefix for prefix in OWNERS if header.startswith(prefix)]
    if not prefixes:
        return f"<{header}> belongs to no library of the table OWNERS; name its owner there"
    owners = OWNERS[max(prefixes, key=len)]
    if module not in owners:
        return f"<{header}> belongs to {', '.join(sorted(owners))}, not to {module}"
    return None


def violations(source):
    """All broken rules below `source`, as "file:line: what"."""
    found = []
    for path in sorted(source.rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        relative = path.relative_to(source)
        module = relative.parts[0]
        if module not in MAY_INCLUDE:
            found.append(f"{relative}:1: the folder {module} is no module of the table MAY_INCLUDE")
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            match = INCLUDE.match(line)
            if not match:
                continue
            problem = complaint(module, match.group(1) or match.group(2), match.group(1) is not None)
            if problem:
                found.append(f"{relative}:{number}: {problem}")
    return found


def main():
    default = pathlib.Path(__file__).resolve().parents[2] / "src"
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    found = violations(source)
    for line in found:
        print(f"src/{line}")
    if found:
        print(f"{len(found)} includes go against the module direction (docs/architecture.md)")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
