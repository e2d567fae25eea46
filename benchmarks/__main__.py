"""python -m benchmarks [--only NAME …] [--quick]

Measures on servers of its own, prints each figure beside its goal, and stores everything in benchmarks/results/.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT, description, disturbance
from benchmarks.report import show, store, summarise

RESULTS = Path(__file__).parent / "results"
USUAL = (
    *("throughput", "side_by_side", "submitting", "latency", "concurrent", "idle", "kinds", "requirement_values"),
    *("priorities", "rest", "configuration", "memory", "claims", "snapshot", "peers"),
)
SPECIAL = ("snapshot_long", "crash")  # long, or rough: make bench-snapshot, make bench-crash


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=USUAL + SPECIAL, metavar="NAME", help="Repeatable.")
    parser.add_argument("--quick", action="store_true", help="Short windows and one run each.")
    options = parser.parse_args()
    document: dict[str, Any] = {"machine": description(), "quick": options.quick, "outcomes": {}}
    path = RESULTS / f"{datetime.now():%Y%m%d-%H%M%S}.json"
    failed = []
    for name in options.only or USUAL:
        print(f"\n{name} …", flush=True)
        with disturbance() as noted:
            outcome = measure(name, options.quick)
        if outcome is None:
            failed.append(name)  # the others are worth having
            continue
        document["outcomes"][name] = outcome | {"disturbance": noted}
        show(name, outcome)
        print(f"load when it began {noted['load']}, cores stolen {noted['steal']}", flush=True)
        store(path, document)
    summarise(document["outcomes"])
    print(f"\nstored in {path.relative_to(ROOT)}" + f", failed: {', '.join(failed)}" * bool(failed))
    return len(failed)


def measure(name: str, quick: bool) -> dict[str, Any] | None:
    """Its outcome as JSON; None when it failed, and what it printed last is printed."""
    with tempfile.NamedTemporaryFile(suffix=".json") as output:
        command = [sys.executable, "-m", "benchmarks.one", name, output.name]
        # what clusters and servers logged is for the case that something went wrong
        done = subprocess.run(command + ["--quick"] * quick, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print(*done.stdout.splitlines()[-50:], f"{name} FAILED", sep="\n")
            return None
        return dict(json.load(output))


if __name__ == "__main__":
    sys.exit(main())
