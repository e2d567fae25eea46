"""Throughput while another connection holds a snapshot, so that no dead row can be cleaned away, against without."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext

from benchmarks.database_fixture import ACTOR, QUEUE, DatabaseFixture, answer, cluster, pause, resume
from benchmarks.report import Figure, Measurement
from benchmarks.throughput import steady_rate
from queueapp.models import Queue
from queueapp.tenancy import operator_scope
from taskrunner.devserver.embedded.postgres import DATABASE

SECONDS = 10.0
QUICK_SECONDS = 5.0
FREE_SECONDS = 20.0  # at most: without a snapshot the rate does not fall with time
LEAST_SHARE = 0.7
MARGIN = 1.1  # more tasks than the calibration promises to be done in that time

# Tasks a second until the time is over or they run out, and in the last quarter. No look at what is still queued:
# under the snapshot it would walk over everything that was.
RATES = """
    WITH done AS MATERIALIZED (
        SELECT extract(epoch FROM finished_at - %(start)s)::float8 AS moment FROM taskrunner_tasks
        WHERE finished_at <= %(start)s + make_interval(secs => %(seconds)s)
    ), span AS MATERIALIZED (SELECT max(moment) AS seconds FROM done)
    SELECT count(*) / seconds, count(*) FILTER (WHERE moment > seconds * 0.75) / seconds * 4
    FROM done CROSS JOIN span GROUP BY seconds
"""


def measure(fixture: DatabaseFixture) -> Measurement:
    """For every strategy, since each reads the backlog in a way of its own."""
    seconds = QUICK_SECONDS if fixture.quick else SECONDS
    strategies = ("priority",) if fixture.quick else Queue.Strategy.values
    return Measurement([figure for strategy in strategies for figure in compare(fixture, seconds, strategy)])


def compare(fixture: DatabaseFixture, seconds: float, strategy: str) -> list[Figure]:
    with operator_scope(ACTOR):
        Queue.objects.filter(name=QUEUE).update(strategy=strategy)
    with cluster(4) as running:
        rate = steady_rate(fixture, running, "bench.noop")
        free, _ = window(fixture, rate, min(seconds, FREE_SECONDS), held=False)
        held, late = window(fixture, rate, seconds, held=True)
    detail = {"held": held, "free": free, "last quarter": late, "seconds": seconds}
    name = f"{strategy}, with a snapshot held {seconds:.0f} s, share of without"
    return [
        Figure(name, held / free, "", LEAST_SHARE, detail=detail),
        Figure(f"{strategy}, the same in the last quarter", late / free, ""),
    ]


def window(fixture: DatabaseFixture, rate: float, seconds: float, *, held: bool) -> tuple[float, float]:
    """Tasks a second, and in the last quarter."""
    pause()
    fixture.clear()
    fixture.submit(int(rate * seconds * MARGIN))
    fixture.analyse()
    with snapshot(fixture) if held else nullcontext():
        (start,) = answer("SELECT clock_timestamp()")
        resume()
        time.sleep(seconds)
        pause()
        whole, late = answer(RATES, {"start": start, "seconds": seconds})
    return whole, late


@contextmanager
def snapshot(fixture: DatabaseFixture) -> Iterator[None]:
    with closing(fixture.servers.postgres.connect_as_superuser(DATABASE)) as other, other.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT count(*) FROM taskrunner_queues")  # the snapshot is taken by the first look
        yield
        other.rollback()
