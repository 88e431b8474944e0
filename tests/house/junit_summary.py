"""Ends a test run: lists what failed and why tests were skipped, then one line with the counts.

Usage: junit_summary.py JUNIT_XML...      (as written by ctest --output-junit)
Exits with 1 when a test failed or none ran.
"""

import dataclasses
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass
class Summary:
    passed: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    skipped: dict = dataclasses.field(default_factory=dict)  # name -> reason
    # Cases inside passed tests, which ctest does not know one by one: "test: case" -> reason.
    skipped_cases: dict = dataclasses.field(default_factory=dict)

    def line(self):
        return f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


# As tests/support/python/modax_test/run.py writes them: "skip  0.01 s  module.Class.test: reason".
SKIPPED_CASE = re.compile(r"^skip +(?:[0-9.]+ s +)?(\S+): (.+)$", re.MULTILINE)


def skip_reason(output, message):
    """The reason a test gave on its output: GTEST_SKIP's text, our Python suites' skipped cases, or
    a line "SKIP: reason"."""
    googletest = re.search(r": Skipped\n((?:(?!\[).*\S.*\n?)+)", output)
    if googletest:
        return " ".join(googletest.group(1).split())
    cases = SKIPPED_CASE.findall(output)
    if cases:
        return "; ".join(dict.fromkeys(reason.strip() for _, reason in cases))
    said = re.findall(r"^\s*skip(?:ped|ping)?\s*:\s*(.+)$", output, re.IGNORECASE | re.MULTILINE)
    if said:
        return said[-1].strip()
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else message


def read(path, summary=None):
    summary = summary or Summary()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name", "?")
        skipped = case.find("skipped")
        message = skipped.get("message", "") if skipped is not None else ""
        # ctest also calls "skipped" what it could not start; only a skip by the test itself counts.
        chosen = message.startswith("SKIP_") or message == "Disabled"
        output = case.findtext("system-out") or ""
        if case.find("failure") is None and case.get("status") == "run":
            summary.passed.append(name)
            for inner, reason in SKIPPED_CASE.findall(output):
                summary.skipped_cases[f"{name}: {inner}"] = reason.strip()
        elif case.find("failure") is None and skipped is not None and chosen:
            summary.skipped[name] = skip_reason(output, message)
        else:
            summary.failed.append(name)
    return summary


def main():
    summary = Summary()
    for name in sys.argv[1:]:
        read(pathlib.Path(name), summary)
    for title, reasons in (
        ("Skipped", summary.skipped),
        ("Skipped cases inside tests that passed", summary.skipped_cases),
    ):
        if reasons:
            print(f"\n{title}:")
        for name, reason in sorted(reasons.items()):
            print(f"  {name}: {reason}")
    if summary.failed:
        print("\nFailed:")
        for name in sorted(summary.failed):
            print(f"  {name}")
    print()
    print(summary.line())
    return 0 if summary.passed and not summary.failed else 1


if __name__ == "__main__":
    sys.exit(main())
