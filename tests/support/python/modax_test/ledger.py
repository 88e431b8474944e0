"""The ledger that modax_flood writes: one line `device sequence` for each PUBACK it received."""
import collections


def read_ledger(path):
    """Acknowledged sequence numbers by device; says so when one was acknowledged twice."""
    acknowledged = collections.defaultdict(set)
    with open(path, encoding="ascii") as ledger:
        for line in ledger:
            # A publisher that was killed may leave half a line, which acknowledges nothing.
            if line.startswith("#") or not line.endswith("\n"):
                continue
            device, sequence = line.split()
            if int(sequence) in acknowledged[device]:
                raise AssertionError(f"the ledger names {device} {sequence} twice")
            acknowledged[device].add(int(sequence))
    return dict(acknowledged)


class LedgerReader:
    """Reads a growing ledger piece by piece."""

    def __init__(self, path):
        self.path = path
        self._offset = 0
        self.losses = 0

    def new_entries(self):
        """Whole lines written since the last call, as (device, sequence)."""
        if not self.path.exists():
            return []
        with open(self.path, "rb") as ledger:
            ledger.seek(self._offset)
            text = ledger.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        entries = []
        for line in whole.decode("ascii").splitlines():
            if line.startswith("#"):
                self.losses += 1
                continue
            device, sequence = line.split()
            entries.append((device, int(sequence)))
        return entries
