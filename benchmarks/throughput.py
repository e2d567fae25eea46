"""No-op tasks per second through a real `manage.py qcluster`, in batches and one at a time."""

import statistics
import time
from typing import Any

import psutil

from benchmarks.database_fixture import DatabaseFixture, all_done, answer, cluster, pause, resume, wait_for
from benchmarks.machine import disturbance
from benchmarks.report import Figure, Measurement
from tests.clusters import RunningCluster

CALIBRATION = 1_000
GOALS = {("bench.noop", 4): 20_000.0, ("bench.alone", 4): 1_500.0}
NAMES = {"bench.noop": "in batches", "bench.alone": "prefetch=False"}

WINDOW = """
    SELECT count(*) FILTER (WHERE status = 'completed'), count(*),
        extract(epoch FROM max(finished_at) - min(started_at))::float8, (SELECT count(*) FROM taskrunner_task_logs)
    FROM taskrunner_tasks
"""


def measure(fixture: DatabaseFixture) -> Measurement:
    figures = []
    for type in NAMES:
        for workers in (1, 2, 4):
            with cluster(workers) as running:
                count = int(steady_rate(fixture, running, type) * fixture.seconds)
                runs = [run(fixture, running, type, count) for _ in range(fixture.runs)]
            figures.append(figure(type, workers, runs))
    return Measurement(figures)


def steady_rate(fixture: DatabaseFixture, running: RunningCluster, type: str) -> float:
    """Warm the cluster up until a run takes a second: what a longer one will be sized by."""
    count = CALIBRATION
    while (seen := run(fixture, running, type, count))["seconds"] < 1.0:
        count *= 4
    return float(seen["rate"])


def run(fixture: DatabaseFixture, running: RunningCluster, type: str, count: int) -> dict[str, Any]:
    """Submit everything first, then let the cluster at it. Rates are by the tasks' own times."""
    pause()
    fixture.clear()
    fixture.submit(count, type)
    fixture.analyse()
    cpu = Cpu(fixture, running)
    with disturbance() as noted:
        resume()
        wall = wait_for(all_done, seconds=600)
    completed, stored, seconds, logged = answer(WINDOW)
    # three moves each; a task that a leaving worker handed back moved twice more
    if (completed, stored) != (count, count) or logged < 3 * count:
        raise RuntimeError(f"{count} tasks submitted, {completed} completed, {logged} audit rows: something is wrong")
    return {"rate": count / seconds, "seconds": seconds, "wall": count / wall, **cpu.per_task(count), **noted}


def figure(type: str, workers: int, runs: list[dict[str, Any]]) -> Figure:
    rates = [item["rate"] for item in runs]
    middle = sorted(runs, key=lambda item: item["rate"])[len(runs) // 2]
    detail = {name: value for name, value in middle.items() if name != "rate"} | {"runs": rates}
    name = f"no-op tasks, {workers} worker{'s' * (workers > 1)}, {NAMES[type]}"
    return Figure(name, statistics.median(rates), "/s", GOALS.get((type, workers)), detail=detail)


class Cpu:
    """Processor time that workers, PostgreSQL and others spend from now on."""

    def __init__(self, fixture: DatabaseFixture, running: RunningCluster) -> None:
        self._postmaster = psutil.Process(fixture.servers.postgres.pid)
        self._running = running
        self._started = time.monotonic()
        self._before = self._spent()

    def per_task(self, tasks: int) -> dict[str, float]:
        """Microseconds a task, and how many cores were busy with something else."""
        now = self._spent()
        spent = {part: now[part] - self._before[part] for part in now}
        others = (spent.pop("all") - sum(spent.values())) / (time.monotonic() - self._started)
        return {f"{part}_us": round(spent[part] / tasks * 1e6, 1) for part in spent} | {"others": round(others, 1)}

    def _spent(self) -> dict[str, float]:
        times = psutil.cpu_times()
        return {
            "python": _seconds(self._running.family()),
            "postgres": _seconds([self._postmaster, *self._postmaster.children()]),
            "all": sum(times) - times.idle - times.iowait - times.steal,
        }


def _seconds(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        # a worker that was replaced meanwhile counts with its parent
        total += times.user + times.system + times.children_user + times.children_system
    return total
