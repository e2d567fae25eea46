"""How long a change of the configuration takes from the call to its commit, on an idle cluster."""

import time

from benchmarks.database_fixture import ACTOR, DatabaseFixture, wait_for
from benchmarks.latency import percentile
from benchmarks.report import Figure, Measurement
from configapp.changes import submit_change
from configapp.models import ConfigChange
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster

CHANGES = 200
APART_SECONDS = 0.02
GOALS = {50: None, 95: 100.0, 99: None}


def measure(fixture: DatabaseFixture) -> Measurement:
    """From before submit_change is called to the moment at which the applied change was first seen, polled."""
    with running_cluster("--queues", "config", workers=4, DJANGO_SETTINGS_MODULE="benchmarks.settings"):
        _change(50)  # every worker has run one and is idle again
        waits = sorted(wait for _ in range(fixture.runs) for wait in _change(CHANGES))
    detail = {"changes": len(waits), "worst": waits[-1]}
    return Measurement(
        [
            Figure(f"configuration asked → applied, p{share}", percentile(waits, share), "ms", goal, True, detail)
            for share, goal in GOALS.items()
        ]
    )


def _change(count: int) -> list[float]:
    """Milliseconds from before each call to its application being visible to others."""
    waits = []
    for number in range(count):
        before = time.perf_counter()
        change = submit_change("content.chunk_overlap", number, actor=ACTOR)
        wait_for(lambda change=change: _is_applied(change), seconds=30, every=0.001)  # type: ignore[misc]
        waits.append((time.perf_counter() - before) * 1000)
        time.sleep(APART_SECONDS)
    return waits


def _is_applied(change: ConfigChange) -> bool:
    with operator_scope(ACTOR):
        change.refresh_from_db(fields=["status"])
    return change.status == ConfigChange.Status.APPLIED
