"""Tasks per second that one Python process submits, one at a time and in bulk. No worker runs meanwhile."""

import statistics
import time
from collections.abc import Callable

from benchmarks.database_fixture import BATCH, DatabaseFixture
from benchmarks.report import Figure, Measurement
from queueapp import tasks


def measure(fixture: DatabaseFixture) -> Measurement:
    singles, bulk = (500, 20_000) if fixture.quick else (3_000, 100_000)

    def one_at_a_time() -> None:
        for _ in range(singles):
            tasks.submit("bench.noop", {}, tenant_id=fixture.tenant)

    fixture.submit(BATCH)  # connects, and has PostgreSQL read its catalogue
    alone = [rate(fixture, one_at_a_time, singles) for _ in range(fixture.runs)]
    in_bulk = [rate(fixture, lambda: fixture.submit(bulk), bulk) for _ in range(fixture.runs)]
    return Measurement(
        [
            Figure("submit, one at a time", statistics.median(alone), "/s", 1_200, detail={"runs": alone}),
            Figure(f"submit, {BATCH:,} a call", statistics.median(in_bulk), "/s", 20_000, detail={"runs": in_bulk}),
        ]
    )


def rate(fixture: DatabaseFixture, submit: Callable[[], None], count: int) -> float:
    fixture.clear()
    started = time.perf_counter()
    submit()
    return count / (time.perf_counter() - started)
