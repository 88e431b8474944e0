"""Checks that documents which a program prints are what it prints today.

Usage: generated_documents.py MODAX [--fix]      (MODAX: the built program)
Prints the differences and exits with 1 when there are any; with --fix writes the documents.
"""

import difflib
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# Document -> what `modax` is asked to print.
PRINTED_BY = {"docs/reference/modax.toml": ["config", "reference"]}


def main():
    modax, fix = sys.argv[1], "--fix" in sys.argv[2:]
    different = False
    for name, arguments in PRINTED_BY.items():
        document = REPOSITORY / name
        printed = subprocess.run([modax, *arguments], capture_output=True, check=True, text=True)
        if fix:
            document.write_text(printed.stdout, encoding="utf-8")
            continue
        before = document.read_text(encoding="utf-8") if document.exists() else ""
        lines = list(
            difflib.unified_diff(
                before.splitlines(), printed.stdout.splitlines(), name, "printed now", lineterm=""
            )
        )
        if lines:
            print("\n".join(lines), f"\n{name} is out of date; './dev lint --fix' writes it anew")
            different = True
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
