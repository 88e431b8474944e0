"""Prometheus text: enough of it to compare figures."""
import re

_LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)(?: \d+)?$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """The samples of one scrape."""

    def __init__(self, text):
        self.samples = []
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            match = _LINE.match(line)
            if not match:
                raise AssertionError(f"not a line of Prometheus text: {line!r}")
            name, labels, value = match.groups()
            self.samples.append((name, dict(_LABEL.findall(labels or "")), float(value)))

    def total(self, name, **labels):
        """Sum over all samples of that name which have these labels; None when there is none."""
        found = [
            value for sample, has, value in self.samples
            if sample == name and all(has.get(key) == wanted for key, wanted in labels.items())
        ]
        return sum(found) if found else None

    def names(self):
        return sorted({name for name, _, _ in self.samples})
