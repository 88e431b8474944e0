"""Checks what is tracked: no path of a build machine, no large file, no long source file.

Usage: repository_rules.py [REPOSITORY]      (default: this one)
Prints one line for each finding; exits with 1 when there is one.
"""

import os
import pathlib
import re
import subprocess
import sys

MAX_BYTES = 1024 * 1024
MAX_SOURCE_LINES = 400
SOURCE_SUFFIXES = {".cpp", ".hpp", ".h", ".py", ".sh", ".js", ".ts", ".cmake"}
SOURCE_NAMES = {"dev", "run", "CMakeLists.txt"}

# A home or checkout directory at the start of a path, not in the middle of a URL or another path.
# Documentation may name example users; what is meant is what a build machine leaves behind.
MACHINE_PATH = re.compile(rb"(?<![A-Za-z0-9_./~$}*-])/(?:work|home|root|Users)/[A-Za-z0-9_.]")


def tracked_files(repository):
    """Paths known to git; every file of an unpacked archive, where there is no git."""
    command = ["git", "-c", "safe.directory=*", "-C", str(repository), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
        return [repository / os.fsdecode(name) for name in listed.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):
        skipped = {"build", ".git", ".cache", "node_modules", "__pycache__"}
        return [
            path
            for path in sorted(repository.rglob("*"))
            if path.is_file() and not skipped & set(path.relative_to(repository).parts)
        ]


def findings(repository, files):
    # In a container the checkout may be "/src", which is also the middle of many other paths.
    resolved = repository.resolve()
    own_path = os.fsencode(str(resolved)) + b"/" if len(resolved.parts) > 2 else None
    found = []
    for path in files:
        if path.is_symlink() or not path.is_file():
            continue  # deleted in the working tree, or a link: its target is checked by itself
        name = path.relative_to(repository)
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            found.append(f"{name}: {len(content)} bytes; a tracked file has at most {MAX_BYTES}")
        lines = content.split(b"\n")
        is_source = path.suffix in SOURCE_SUFFIXES or path.name in SOURCE_NAMES
        count = content.count(b"\n")
        if is_source and count > MAX_SOURCE_LINES:
            found.append(f"{name}: {count} lines; split it by behaviour ({MAX_SOURCE_LINES} allowed)")
        if b"\0" in content:
            continue
        for number, line in enumerate(lines, start=1):
            if MACHINE_PATH.search(line) or (own_path and own_path in line):
                shown = line.strip()[:80].decode("utf-8", errors="replace")
                found.append(f"{name}:{number}: a path of one machine: {shown}")
    return found


def main():
    default = pathlib.Path(__file__).resolve().parents[2]
    repository = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    found = findings(repository, tracked_files(repository))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
