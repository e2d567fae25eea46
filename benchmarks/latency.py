"""How long an idle cluster takes from the call of submit to the first line of the handler."""

import time
from typing import Any

from benchmarks.database_fixture import DatabaseFixture, all_done, cluster, wait_for
from benchmarks.report import Figure, Measurement
from queueapp import tasks
from queueapp.models import Task
from queueapp.tenancy import operator_scope

TASKS = 200
APART_SECONDS = 0.02
GOALS = {50: 4.0, 95: None, 99: 10.0}


def measure(fixture: DatabaseFixture) -> Measurement:
    with cluster(4) as running:
        submit_tasks(fixture, 50)  # every worker has run one and is idle again
        rounds = [sorted(submit_tasks(fixture, TASKS)) for _ in range(fixture.runs)]
        workers = running.workers
    waits = sorted(wait for each in rounds for wait in each)
    detail = {"tasks": len(waits), "workers": workers, "worst": waits[-1]}
    return Measurement([figure(share, goal, waits, rounds, detail) for share, goal in GOALS.items()])


def figure(
    share: int, goal: float | None, waits: list[float], rounds: list[list[float]], detail: dict[str, Any]
) -> Figure:
    runs = [percentile(each, share) for each in rounds]
    return Figure(f"idle submit → start, p{share}", percentile(waits, share), "ms", goal, True, detail, runs)


def submit_tasks(fixture: DatabaseFixture, count: int) -> list[float]:
    """Milliseconds from before each submit to the handler's own clock, which it returns as its result."""
    asked = {}
    for _ in range(count):
        before = time.time()
        asked[tasks.submit("bench.clock", {}, tenant_id=fixture.tenant).id] = before
        time.sleep(max(0.0, before + APART_SECONDS - time.time()))
    wait_for(all_done, seconds=30)
    with operator_scope("operator:benchmark"):
        started: dict[Any, Any] = dict(Task.objects.filter(id__in=asked).values_list("id", "result"))
    return [(started[task] - before) * 1000 for task, before in asked.items()]


def percentile(ordered: list[float], share: float) -> float:
    """The smallest value that `share` percent do not exceed."""
    return ordered[-int(-len(ordered) * share // 100) - 1]
