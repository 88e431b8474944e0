"""Promise P1: a PUBACKed reading survives kill -9. MODAX_KILL_ROUNDS rounds under QoS 1 load from
several connections that redeliver what was not acknowledged; MODAX_KILL_SEED repeats a run."""
import collections
import datetime
import os
import random
import time

from gateway_case import GatewayCase, history, now
from modax_test.flood import publish
from modax_test.ledger import LedgerReader
from modax_test.tools import SANITIZED
from modax_test.waiting import wait_for

CONNECTIONS = 4
# Inside a fifth of a second there are many group commits; a little more lets readings pile up.
LONGEST_ROUND = 0.35
RATE = 8000
# A round checks what was published in the seconds before it; the end checks everything.
LOOK_BACK = datetime.timedelta(seconds=8)
READY_WITHIN = 5.0


class KillRounds(GatewayCase):
    def test_every_acknowledged_reading_is_there_once(self):
        rounds = int(os.environ.get("MODAX_KILL_ROUNDS", "10" if SANITIZED else "100"))
        seed = int(os.environ.get("MODAX_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
        print(f"seed {seed}, {rounds} rounds (MODAX_KILL_SEED, MODAX_KILL_ROUNDS)", flush=True)
        chance = random.Random(seed)
        gateway = self.gateway()
        began = now()
        ledger = LedgerReader(self.directory / "ledger")
        slowest = 0.0
        flood = publish(
            gateway.mqtt_port, connections=CONNECTIONS, qos=1, window=500, seconds=3600, limit=3600,
            reconnect=60, rate=RATE, ledger=ledger.path,
        )
        self.addCleanup(flood.kill)
        acknowledged = collections.defaultdict(set)
        checked_from = began
        for number in range(rounds):
            time.sleep(chance.uniform(0.0, LONGEST_ROUND))  # the random moment
            round_end = now()
            gateway.kill()
            wait_for(lambda before=ledger.losses: self.take(ledger, acknowledged)
                     and ledger.losses > before, "the publisher notices the loss", 10)
            started = time.monotonic()
            gateway.start()
            slowest = max(slowest, time.monotonic() - started)
            self.check(gateway, acknowledged, checked_from, number)
            checked_from = round_end - LOOK_BACK
            wait_for(lambda: self.progress(ledger, acknowledged),
                     f"the publisher goes on after round {number}", 30)
            self.assertTrue(flood.running, "the publisher must outlive every round")
        flood.process.terminate()
        report = flood.result()
        self.take(ledger, acknowledged)
        print(f"{sum(map(len, acknowledged.values()))} readings acknowledged, "
              f"{report['redelivered']} redelivered, {ledger.losses} connections lost, "
              f"slowest start {slowest:.2f} s", flush=True)
        self.assertEqual(report["acknowledged"], report["sent"])
        self.assertGreater(report["acknowledged"], rounds)
        self.check(gateway, acknowledged, None, "the end", exactly=True)
        self.assertLess(slowest, READY_WITHIN)

    def take(self, ledger, acknowledged):
        for device, sequence in ledger.new_entries():
            acknowledged[device].add(sequence)
        return True

    def progress(self, ledger, acknowledged):
        before = sum(map(len, acknowledged.values()))
        self.take(ledger, acknowledged)
        return sum(map(len, acknowledged.values())) > before

    def check(self, gateway, acknowledged, since, moment, exactly=False):
        """Every acknowledged reading since then is stored, and nothing is stored twice."""
        start = since and since.isoformat().replace("+00:00", "Z")
        for device, sequences in acknowledged.items():
            stored = collections.Counter(
                each["seq"] for each in history(gateway, device, start, metrics="temperature")
            )
            twice = [sequence for sequence, count in stored.items() if count > 1]
            self.assertEqual(twice[:5], [], f"{device} stored twice at {moment}")
            lowest = min(stored, default=0) if since else 0
            missing = sorted(each for each in sequences if each >= lowest and each not in stored)
            self.assertEqual(missing[:5], [], f"{device} acknowledged and lost at {moment}")
            if since is None or not stored:
                self.assertTrue(stored or not sequences, f"{device} has nothing at {moment}")
            if exactly:
                self.assertEqual(set(stored), sequences, f"{device} at {moment}")
