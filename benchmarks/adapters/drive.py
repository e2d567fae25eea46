"""python -m benchmarks.adapters.drive ADAPTER speed|crash MARKS SECONDS RUNS: measures one peer, prints JSON."""

import json
import os
import statistics
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import django

from benchmarks import marks
from benchmarks.adapters.peer import Peer, wait_until
from benchmarks.adapters.workers import Workers

CALIBRATION = 200
PATIENCE_SECONDS = 120.0
LATENCY_TASKS, APART_SECONDS = 200, 0.02
JOBS = 2_000


def main() -> None:
    _, adapter, what, path, seconds, runs = sys.argv
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        django.setup()
    peer = import_module(f"benchmarks.adapters.{adapter}").PEER
    peer.prepare()
    found = crash(peer, Path(path)) if what == "crash" else speed(peer, Path(path), float(seconds), int(runs))
    print(json.dumps(found))


def speed(peer: Peer, path: Path, seconds: float, runs: int) -> dict[str, Any]:
    single = timed(peer.submit, CALIBRATION)
    rate = drain(peer, CALIBRATION)
    count = max(500, min(50_000, int(rate * seconds)))
    bulk, rates = [], []
    for _ in range(runs):
        bulk.append(timed(peer.submit_in_bulk, count))
        rates.append(drain(peer, count))
    waits = latency(peer, path)
    return {
        "rate": statistics.median(rates),
        "runs": rates,
        "tasks": count,
        "submit_single": single,
        "submit_bulk": statistics.median(bulk),
        "latency_ms": {share: waits[-int(-len(waits) * share // 100) - 1] for share in (50, 95, 99)},
    }


def timed(submit: Any, count: int) -> float:
    started = time.perf_counter()
    submit("noop", [()] * count)
    return count / (time.perf_counter() - started)


def drain(peer: Peer, count: int) -> float:
    """Tasks a second from the first outcome that its store shows to the last: starting up is not counted."""
    before = peer.done()
    with Workers(peer):
        if not wait_until(lambda: peer.done() > before, PATIENCE_SECONDS):
            raise TimeoutError(f"no task done within {PATIENCE_SECONDS:.0f} s")
        first, started = peer.done(), time.monotonic()
        if not wait_until(lambda: peer.done() >= before + count, PATIENCE_SECONDS):
            raise TimeoutError(f"{before + count - peer.done()} of {count} tasks not done in {PATIENCE_SECONDS:.0f} s")
        return (before + count - first) / (time.monotonic() - started)


def latency(peer: Peer, path: Path) -> list[float]:
    """Milliseconds from before the submit to the body's first line, tasks apart enough to find idle workers."""
    with Workers(peer):
        before = peer.done()
        peer.submit("noop", [()] * 50)
        wait_until(lambda: peer.done() >= before + 50, PATIENCE_SECONDS)
        asked = {}
        for number in range(LATENCY_TASKS):
            asked[number] = time.time()
            peer.submit("clock", [(str(path), number)])
            time.sleep(max(0.0, asked[number] + APART_SECONDS - time.time()))
        wait_until(lambda: len(marks.times(path, "started")) == LATENCY_TASKS, PATIENCE_SECONDS)
    started = marks.times(path, "started")
    return sorted((started[number] - at) * 1000 for number, at in asked.items())


def crash(peer: Peer, path: Path) -> dict[str, Any]:
    """Everything of the workers killed halfway, and started again at once."""
    peer.submit_in_bulk("job", [(str(path), number) for number in range(JOBS)])
    with Workers(peer) as workers:
        wait_until(lambda: len(marks.times(path, "ended")) >= JOBS // 2, PATIENCE_SECONDS)
        workers.kill()
        killed, ended_before = time.time(), set(marks.times(path, "ended"))
    with Workers(peer):
        wait_until(lambda: peer.done() >= JOBS, PATIENCE_SECONDS)
    later = [at for number, at in marks.times(path, "ended").items() if at > killed]
    return marks_after(path) | {
        "done_at_kill": len(ended_before),
        "not_completed": JOBS - peer.done(),
        "still_held": peer.held(),
        "resumed_s": min(later, default=killed) - killed,
        "last_s": max(later, default=killed) - killed,
    }


def marks_after(path: Path) -> dict[str, int]:
    started, ended = marks.count(path, "started"), marks.count(path, "ended")
    return {
        "never_ran": JOBS - len(ended),
        "started_twice": sum(times > 1 for times in started.values()),
        "ended_twice": sum(times > 1 for times in ended.values()),
    }


if __name__ == "__main__":
    main()
