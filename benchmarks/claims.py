"""How long a claim of fifty tasks takes, by strategy and by what is queued; its commit included."""

import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from benchmarks.database_fixture import BATCH, QUEUE, DatabaseFixture, make_tenant
from benchmarks.report import Figure, Measurement, Table
from queueapp.claiming import Capabilities, Claimer
from queueapp.contrib.django_tasks.results import Request
from queueapp.models import Queue
from queueapp.models.base import new_id
from queueapp.tenancy import worker_scope

CLAIMED = 50
CLAIMS = 200
TENANTS = 20
PRIORITIES = range(1, 11)  # of REST
MOST_TIMES = dict.fromkeys(Queue.Strategy.values, 1.5) | {"lifo": 2.0}


def measure(fixture: DatabaseFixture) -> Measurement:
    tenants = [make_tenant(f"bench-{number}") for number in range(TENANTS)]
    sizes = (10_000, 50_000) if fixture.quick else (10_000, 100_000, 1_000_000)
    columns: dict[str, dict[str, Any]] = {}
    for size, before in zip(sizes, (0, *sizes), strict=False):
        fill(fixture, tenants, size - before, "bench.noop")
        fixture.analyse()
        columns[f"{size:,} queued"] = claim_times(fixture, tenants, "bench.noop")
    fill(fixture, tenants, sizes[0], "bench.clock")
    fixture.analyse()
    columns[f"behind {sizes[-1]:,} of another type"] = claim_times(fixture, tenants, "bench.clock")
    return Measurement(list(figures(columns)), [table(columns)])


def fill(
    fixture: DatabaseFixture, tenants: list[UUID], count: int, type: str, priorities: Sequence[int] = PRIORITIES
) -> None:
    """Submit to all tenants in turn, all priorities mixed."""
    for start in range(0, count, BATCH):
        tenant = tenants[start // BATCH % len(tenants)]
        chosen = (priorities[(start + number) % len(priorities)] for number in range(BATCH))
        fixture.submit_all([Request(type=type, priority=priority) for priority in chosen], tenant)


def claim_times(
    fixture: DatabaseFixture, tenants: list[UUID], type: str, priorities: Sequence[int] = PRIORITIES
) -> dict[str, Any]:
    """Median milliseconds of a claim and the index and table rows it reads, for each strategy."""
    found = {}
    for strategy in Queue.Strategy.values:
        claimer = Claimer(new_id(), Capabilities((QUEUE,), (type,)), strategy)
        claimer.batch_sizes.record(type, QUEUE, 0.1 / (CLAIMED + 0.5))
        times: list[float] = []
        for number in range(CLAIMS):
            if number % (BATCH // CLAIMED) == 0:
                fill(fixture, tenants, BATCH, type, priorities)  # so that the backlog stays what it is
            times.append(timed_claim(claimer))
        found[strategy] = {"ms": statistics.median(times), "rows": rows_read(claimer)}
    return found


def timed_claim(claimer: Claimer) -> float:
    """Milliseconds for as many tasks as are wanted: a claim takes fewer where its window was too small."""
    started = time.perf_counter()
    claimed = len(claimer.claim())
    seconds = time.perf_counter() - started
    if not claimed:
        raise RuntimeError("a claim found nothing in a backlog")
    return seconds * 1000 * CLAIMED / claimed


def rows_read(claimer: Claimer) -> int:
    """Rows of tasks that one more claim reads, by EXPLAIN (ANALYZE), in a transaction that is rolled back."""
    statements: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        claimer.claim()
    statement, parameters = next(item for item in reversed(statements) if "EXECUTE claim_" in item[0])
    with transaction.atomic():
        with worker_scope(claimer.worker_id), connection.cursor() as cursor:
            # without the scope's settings, which came along in front of it
            claim = statement[statement.index("EXECUTE claim_") :]
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {claim}", parameters)
            (plan,) = cursor.fetchone() or ([],)
        transaction.set_rollback(True)
    return scanned(plan[0]["Plan"])


def scanned(node: dict[str, Any]) -> int:
    below: int = sum(scanned(child) for child in node.get("Plans", []))
    if node.get("Relation Name") != "taskrunner_tasks" or node["Node Type"] == "ModifyTable":
        return below
    filtered = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    read: int = round((node["Actual Rows"] + filtered) * node["Actual Loops"])
    return below + read


def figures(columns: dict[str, dict[str, Any]]) -> Iterator[Figure]:
    least, *_, most, foreign = columns
    for strategy, times in MOST_TIMES.items():
        base = columns[least][strategy]["ms"]
        for column in (most, foreign):
            ratio = columns[column][strategy]["ms"] / base
            yield Figure(f"claim, {strategy}: {column} against {least}", ratio, "×", times, True)


def table(columns: dict[str, dict[str, Any]]) -> Table:
    heads = [f"{column}, {what}" for column in columns for what in ("ms", "rows read")]
    rows = [
        [strategy, *(columns[column][strategy][what] for column in columns for what in ("ms", "rows"))]
        for strategy in Queue.Strategy.values
    ]
    return Table(f"median of {CLAIMS} claims of {CLAIMED}", ["strategy", *heads], rows)
