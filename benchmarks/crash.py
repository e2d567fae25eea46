"""2,000 jobs of 5 ms, and kill -9 of every worker process halfway: what is lost, what runs twice, how long it takes."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks import marks
from benchmarks.database_fixture import DatabaseFixture, all_done, answer, cluster, wait_for
from benchmarks.peers import CONTENDERS, PeerFailed, drive
from benchmarks.report import Figure, Measurement, Table
from tests.clusters import RunningCluster

JOBS = 2_000
PATIENCE_SECONDS = 120.0
COLUMNS = {
    "done_at_kill": "done at kill",
    "not_completed": "not completed",
    "still_held": "of these still held",
    "never_ran": "never ran to the end",
    "started_twice": "started twice",
    "ended_twice": "ran to the end twice",
    "completed_twice": "completion accepted twice",
    "resumed_s": "resumed after s",
    "last_s": "last after s",
}

STORED = """
    SELECT count(*) FILTER (WHERE status <> 'completed'),
        (SELECT count(*) FROM (
            SELECT FROM taskrunner_task_history WHERE to_status = 'completed'
            GROUP BY task_id HAVING count(*) > 1) AS twice)
    FROM taskrunner_tasks
"""


def measure(fixture: DatabaseFixture) -> Measurement:
    found = dict(ours(fixture))
    rows = [[name, *(row[column] for column in COLUMNS)] for name, row in found.items()]
    for contender in CONTENDERS:
        if "defaults" not in contender.settings:
            continue
        try:
            row = drive(fixture, contender, "defaults", "crash")
        except PeerFailed as error:
            rows.append([contender.name, f"FAILED: {error}", *[""] * (len(COLUMNS) - 1)])
            continue
        rows.append([contender.name, *(row.get(column, "") for column in COLUMNS)])
    return Measurement(list(figures(found)), [Table("killed halfway", ["", *COLUMNS.values()], rows)])


def ours(fixture: DatabaseFixture) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(fixture.runs):
        yield f"Taskrunner, workers killed, run {number + 1}", crash(fixture, everything=False, run=number)
        yield f"Taskrunner, all processes killed, run {number + 1}", crash(fixture, everything=True, run=number)


def crash(fixture: DatabaseFixture, *, everything: bool, run: int) -> dict[str, Any]:
    path = fixture.servers.directory / f"crash-{everything}-{run}.marks"
    fixture.clear()
    with cluster(4) as running:
        fixture.submit_all([{"type": "bench.job", "params": {"path": str(path), "number": n}} for n in range(JOBS)])
        wait_for(lambda: len(marks.times(path, "ended")) >= JOBS // 2, PATIENCE_SECONDS, every=0.02)
        victims = everyone(running) if everything else [worker.pid for worker in running.live_workers()]
        for pid in victims:
            with suppress(ProcessLookupError):  # children die with the parent that was killed a moment ago
                os.kill(pid, signal.SIGKILL)
        killed, done = time.time(), len(marks.times(path, "ended"))
        if everything:
            running.process.wait()
        else:
            wait_for(all_done, PATIENCE_SECONDS)
    if everything:
        with cluster(4):  # as an init system would
            wait_for(all_done, PATIENCE_SECONDS)
    return tally(path, killed) | {"done_at_kill": done}


def everyone(running: RunningCluster) -> list[int]:
    return [running.main, *(process.pid for process in running.family() if process.status() != psutil.STATUS_ZOMBIE)]


def tally(path: Path, killed: float) -> dict[str, Any]:
    started, ended = marks.count(path, "started"), marks.count(path, "ended")
    later = [at for at in marks.times(path, "ended").values() if at > killed]
    not_completed, completed_twice = answer(STORED)
    return {
        "not_completed": not_completed,
        "still_held": not_completed,
        "never_ran": JOBS - len(ended),
        "started_twice": sum(times > 1 for times in started.values()),
        "ended_twice": sum(times > 1 for times in ended.values()),
        "completed_twice": completed_twice,
        "resumed_s": round(min(later) - killed, 2),
        "last_s": round(max(later) - killed, 2),
    }


def figures(found: dict[str, dict[str, Any]]) -> Iterator[Figure]:
    rows = found.values()
    yield Figure("jobs lost", max(row["not_completed"] + row["never_ran"] for row in rows), "", 0, True)
    yield Figure("completions accepted twice", max(row["completed_twice"] for row in rows), "", 0, True)
    yield Figure("everything done after the kill", max(row["last_s"] for row in rows), "s", 35, True)
