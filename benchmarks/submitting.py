"""Tasks per second that one Python process submits, one at a time and in bulk. No worker runs meanwhile."""

import secrets
import statistics
import time
from collections.abc import Callable

from benchmarks.database_fixture import BATCH, DatabaseFixture
from benchmarks.report import Figure, Measurement
from queueapp import tasks

LARGE, LARGE_BYTES = 20, 900_000


def measure(fixture: DatabaseFixture) -> Measurement:
    singles, bulk = (500, 20_000) if fixture.quick else (3_000, 100_000)

    def one_at_a_time() -> None:
        for _ in range(singles):
            tasks.submit("bench.noop", {}, tenant_id=fixture.tenant)

    fixture.submit(BATCH)  # connects, and has PostgreSQL read its catalogue
    alone = [rate(fixture, one_at_a_time, singles) for _ in range(fixture.runs)]
    in_bulk = [rate(fixture, lambda: fixture.submit(bulk), bulk) for _ in range(fixture.runs)]
    large = [1_000 / rate(fixture, lambda: submit_large(fixture), LARGE) for _ in range(fixture.runs)]
    return Measurement(
        [
            Figure("submit, one at a time", statistics.median(alone), "/s", 1_900, runs=alone),
            Figure(f"submit, {BATCH:,} a call", statistics.median(in_bulk), "/s", 40_000, runs=in_bulk),
            Figure("submit with parameters of 900 KB", statistics.median(large), "ms", runs=large),
        ]
    )


def submit_large(fixture: DatabaseFixture) -> None:
    content = secrets.token_hex(LARGE_BYTES // 2)  # which does not compress well
    for _ in range(LARGE):
        tasks.submit("bench.large", {"content": content}, tenant_id=fixture.tenant)


def rate(fixture: DatabaseFixture, submit: Callable[[], None], count: int) -> float:
    fixture.clear()
    started = time.perf_counter()
    submit()
    return count / (time.perf_counter() - started)
