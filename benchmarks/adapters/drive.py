"""python -m benchmarks.adapters.drive ADAPTER speed|rate|crash MARKS SECONDS RUNS: measures one peer, prints JSON."""

import json
import os
import statistics
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import marks
from benchmarks.adapters import tables
from benchmarks.adapters.peer import Peer, wait_until
from benchmarks.adapters.workers import Workers

SINGLES = 500
CALIBRATION, MOST = 200, 200_000
PATIENCE_SECONDS = 120.0
LATENCY_TASKS, APART_SECONDS = 200, 0.02
JOBS = 2_000


def main() -> None:
    _, adapter, what, path, seconds, runs = sys.argv
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        import_module("django").setup()
    peer = import_module(f"benchmarks.adapters.{adapter}").PEER
    peer.prepare()
    measures = {"speed": speed, "rate": rate, "crash": crash}
    print(json.dumps(measures[what](peer, Path(path), float(seconds), int(runs))))


def speed(peer: Peer, path: Path, seconds: float, runs: int) -> dict[str, Any]:
    single = timed(peer.submit, SINGLES)
    drain(peer, SINGLES)
    found = rate(peer, path, seconds, runs)
    waits = latency(peer, path)
    return found | {
        "submit_single": single,
        "latency_ms": {share: waits[-int(-len(waits) * share // 100) - 1] for share in (50, 95, 99)},
    }


def rate(peer: Peer, path: Path, seconds: float, runs: int) -> dict[str, Any]:
    """Tasks a second, submitted and done, and the bytes that one takes up in PostgreSQL."""
    count = min(MOST, int(steady_rate(peer) * seconds))
    rounds = [one_round(peer, count) for _ in range(runs)]
    median = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    return median | {"runs": [each["rate"] for each in rounds], "tasks": count}


def steady_rate(peer: Peer) -> float:
    """Drain more and more until that takes a second: what a longer run is sized by."""
    count = CALIBRATION
    while True:
        peer.submit_in_bulk("noop", [()] * count)
        if (seen := drain(peer, count)) < count or count >= MOST:
            return seen
        count *= 8


def one_round(peer: Peer, count: int) -> dict[str, float]:
    """Submit everything first, then let the workers at it."""
    tables.tidy()
    empty = tables.size()
    submitted = timed(peer.submit_in_bulk, count)
    waiting = tables.size()
    tables.analyse()
    done = drain(peer, count)
    return {
        "rate": done,
        "submit_bulk": submitted,
        "waiting_bytes": (waiting - empty) / count,
        "finished_bytes": (tables.size() - empty) / count,
    }


def timed(submit: Any, count: int) -> float:
    started = time.perf_counter()
    submit("noop", [()] * count)
    return count / (time.perf_counter() - started)


def drain(peer: Peer, count: int) -> float:
    """Tasks a second from the first outcome that its store shows to the last: starting up is not counted."""
    all_done = peer.done() + count
    with Workers(peer):
        if not wait_until(lambda: peer.done() > all_done - count, PATIENCE_SECONDS):
            raise TimeoutError(f"no task done within {PATIENCE_SECONDS:.0f} s")
        first, started = peer.done(), time.monotonic()
        if first == all_done:
            return float("inf")  # too few to tell
        while (left := all_done - peer.done()) > 0:
            passed = time.monotonic() - started
            if passed > PATIENCE_SECONDS:
                raise TimeoutError(f"{left} of {count} tasks not done in {PATIENCE_SECONDS:.0f} s")
            # counting takes the time of those who work, so look again when most of the rest should be done
            seen = max(1, all_done - first - left)
            time.sleep(min(1.0, max(0.01, passed * left / seen * 0.7)))
        return (all_done - first) / (time.monotonic() - started)


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


def crash(peer: Peer, path: Path, seconds: float, runs: int) -> dict[str, Any]:
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
