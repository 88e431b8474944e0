#!/usr/bin/env python3
"""The analysis on one core: points a second for 1, 10 and 1,000 devices and the bytes of a signal;
with --trials also the table of docs/analysis.md: what it finds of the simulator's faults, and alarms
in hours without any."""
import json
import subprocess

import _bench as bench  # first: it sets the search path

TRIALS = bench.BUILD / "tests/support/analysis_trials/modax_analysis_trials"
ROUNDS = {1: 200_000, 10: 20_000, 1000: 300}


def trials(*arguments):
    done = subprocess.run([TRIALS, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def percent(part, whole):
    return f"{100 * part / whole:.0f} %"


def speed(results, quick):
    for devices, rounds in ROUNDS.items():
        runs = [trials("speed", "--devices", devices, "--rounds", rounds)[0] for _ in range(1 if quick else 5)]
        results.add(f"points a second, {devices} devices of {runs[0]['signals'] // devices} signals",
                    bench.median([run["points_per_second"] for run in runs]), "1/s")
    results.add("memory of a signal", runs[0]["memory_per_signal"], "bytes")
    results.add("kept state of a signal", runs[0]["kept_per_signal"], "bytes")


def faults(seeds, first, hertz):
    print(f"\n{seeds} machines from seed {first}, {hertz} Hz, two hours as usual before the fault\n")
    print("| fault | metric | within | found, full | labelled, full | delay | found, half | labelled, half | delay |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    rows = trials("faults", "--seeds", seeds, "--first-seed", first, "--hertz", hertz)
    for full, half in zip(rows[::2], rows[1::2]):
        cells = [full["fault"], full["metric"] or "(machine)", f"{full['within']} s"]
        for row in (full, half):
            cells += [percent(row["found"], row["trials"]), percent(row["labelled"], row["trials"]),
                      f"{row['median_delay']:.1f} s" if row["found"] else "–"]
        print("| " + " | ".join(cells) + " |")
    for size, kept in (("full", rows[::2]), ("half", rows[1::2])):
        count = sum(row["trials"] for row in kept)
        print(f"\n{size} size: found {percent(sum(row['found'] for row in kept), count)}, "
              f"labelled {percent(sum(row['labelled'] for row in kept), count)}")


def healthy(seeds, first, hertz):
    for row in trials("healthy", "--seeds", seeds, "--first-seed", first, "--hertz", hertz):
        print(f"{hertz} Hz without a fault, hour from minute {row['healthy_from']}: {row['alarms']} alarms in "
              f"{row['hours']} hours, more than one in {row['hours_with_more_than_one']}")


def main():
    parser = bench.arguments(__doc__)
    parser.add_argument("--trials", action="store_true", help="also what it finds (some minutes)")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first-seed", type=int, default=1001, help="1 to 1000 were used to choose defaults")
    options = parser.parse_args()
    results = bench.Results("analysis")
    results.heading()
    speed(results, options.quick)
    results.write()
    if options.trials:
        for hertz in (10, 1):
            faults(options.seeds, options.first_seed, hertz)
            print()
            healthy(options.seeds, options.first_seed, hertz)


if __name__ == "__main__":
    main()
