"""How long one worker takes for 500 `async def` tasks of a second each, and how soon 500 that run are cancelled."""

import time
from collections.abc import Callable

from benchmarks.database_fixture import DatabaseFixture, all_done, answer, cluster, wait_for
from benchmarks.report import Figure, Measurement
from queueapp import tasks
from queueapp.models import Task
from queueapp.tenancy import operator_scope

TASKS = 500
CANCELLED_GOAL_SECONDS, DONE_GOAL_SECONDS = 2.0, 3.0
LONGEST = """
    SELECT extract(epoch FROM max(finished_at - cancel_requested_at)) FROM taskrunner_tasks WHERE id = ANY (%(ids)s)
"""


def measure(fixture: DatabaseFixture) -> Measurement:
    with cluster(1):
        run(fixture, seconds=0.0)  # the loop and what it imports are there
        done = [run(fixture, seconds=1.0) for _ in range(fixture.runs)]
        cancelled = [cancel(fixture) for _ in range(fixture.runs)]
    return Measurement(
        [
            figure(f"{TASKS} async tasks of 1 s, one worker", DONE_GOAL_SECONDS, done),
            figure(f"cancel → end of each of {TASKS} that run, the longest", CANCELLED_GOAL_SECONDS, cancelled),
        ]
    )


def figure(name: str, goal: float, runs: list[float]) -> Figure:
    return Figure(name, sorted(runs)[len(runs) // 2], "s", goal, True, {"tasks": TASKS}, runs)


def run(fixture: DatabaseFixture, *, seconds: float) -> float:
    """From before the submit until the last is completed."""
    began = time.monotonic()
    fixture.submit(TASKS, "bench.sleep", params={"seconds": seconds})
    wait_for(all_done, seconds=60)
    return time.monotonic() - began


def cancel(fixture: DatabaseFixture) -> float:
    """The longest that one took from its cancel to its end."""
    ids = tasks.submit_many(
        [{"type": "bench.sleep", "params": {"seconds": 600}, "labels": ["long"]}] * TASKS, tenant_id=fixture.tenant
    )
    wait_for(counting("leased"), seconds=60)
    for id in ids:
        tasks.cancel(id, tenant_id=fixture.tenant)
    wait_for(all_done, seconds=60)
    (longest,) = answer(LONGEST, {"ids": ids})
    return float(longest)


def counting(status: str) -> Callable[[], bool]:
    def are_all() -> bool:
        with operator_scope("operator:benchmark"):
            return Task.objects.filter(status=status).count() == TASKS

    return are_all
