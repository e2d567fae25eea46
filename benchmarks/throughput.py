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
GOALS = {("bench.alone", 4): 2_500.0}  # in batches the goal is a peer's rate: side_by_side
MOST_MICROSECONDS = 80.0
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
                runs = [run(fixture, running, count, type) for _ in range(fixture.runs)]
            figures += [figure(type, workers, runs), processor(type, workers, runs)]
    return Measurement(figures)


def steady_rate(fixture: DatabaseFixture, running: RunningCluster, *types: str) -> float:
    """Warm the cluster up until a run takes a second: what a longer one will be sized by."""
    count = CALIBRATION
    while (seen := run(fixture, running, count, *types))["seconds"] < 1.0:
        count *= 4
    return float(seen["rate"])


def run(fixture: DatabaseFixture, running: RunningCluster, count: int, *types: str) -> dict[str, Any]:
    """Submit everything first, then let the cluster at it. Rates are by the tasks' own times."""
    pause()
    fixture.clear()
    fixture.submit_mixed(count, types)
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
    detail = {name: value for name, value in middle.items() if name != "rate"}
    goal = GOALS.get((type, workers))
    return Figure(named(type, workers), statistics.median(rates), "/s", goal, detail=detail, runs=rates)


def processor(type: str, workers: int, runs: list[dict[str, Any]]) -> Figure:
    """Microseconds of the workers and of PostgreSQL together."""
    spent = [each["python_us"] + each["postgres_us"] for each in runs]
    goal = MOST_MICROSECONDS if (type, workers) == ("bench.noop", 4) else None
    parts = {part: statistics.median(each[f"{part}_us"] for each in runs) for part in ("python", "postgres")}
    name = f"{named(type, workers)}, processor time of one"
    return Figure(name, statistics.median(spent), "µs", goal, True, parts, spent)


def named(type: str, workers: int) -> str:
    return f"no-op tasks, {workers} worker{'s' * (workers > 1)}, {NAMES[type]}"


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

    def shares(self) -> dict[str, float]:
        """Cores that workers and PostgreSQL kept busy."""
        now, passed = self._spent(), time.monotonic() - self._started
        return {part: (now[part] - self._before[part]) / passed for part in ("python", "postgres")}

    def _spent(self) -> dict[str, float]:
        times = psutil.cpu_times()
        return {
            "python": _seconds([psutil.Process(self._running.main), *self._running.family()]),
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
