"""Throughput while another connection holds a snapshot, so that no dead row can be cleaned away, against without."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext

from benchmarks.ground import Ground, answer, answers, cluster, pause, resume
from benchmarks.report import Figure, Outcome
from benchmarks.throughput import steady_rate
from taskrunner.embedded.postgres import DATABASE

SECONDS = 30.0
QUICK_SECONDS = 5.0
LEAST_SHARE = 0.7
MARGIN = 1.3  # more tasks than the calibration promises to be done in that time

# no look at what is still queued: under the snapshot it would walk over everything that was
DONE = """
    SELECT extract(epoch FROM finished_at - %(start)s)::float8 FROM tasks
    WHERE finished_at <= %(start)s + make_interval(secs => %(seconds)s)
"""


def measure(ground: Ground) -> Outcome:
    return compare(ground, QUICK_SECONDS if ground.quick else SECONDS)


def compare(ground: Ground, seconds: float) -> Outcome:
    with cluster(4) as running:
        count = int(steady_rate(ground, running, "bench.noop") * seconds * MARGIN)
        free = window(ground, count, seconds, held=False)
        held = window(ground, count, seconds, held=True)
    detail = {"held": held["rate"], "free": free["rate"], "tasks": count, "seconds": seconds}
    late = {"held": held["late_rate"], "free": free["late_rate"]}
    name = f"with a snapshot held {seconds:.0f} s, share of without"
    return Outcome(
        [
            Figure(name, held["rate"] / free["rate"], "", LEAST_SHARE, detail=detail),
            Figure("the same, last quarter", held["late_rate"] / free["late_rate"], "", detail=late),
        ]
    )


def window(ground: Ground, count: int, seconds: float, *, held: bool) -> dict[str, float]:
    """Tasks a second until the time is over or they run out, and in its last quarter."""
    pause()
    ground.clear()
    ground.submit(count)
    ground.analyse()
    with snapshot(ground) if held else nullcontext():
        (start,) = answer("SELECT clock_timestamp()")
        resume()
        time.sleep(seconds)
        pause()
        finished = answers(DONE, {"start": start, "seconds": seconds})
    passed = max(finished)
    late = [moment for moment in finished if moment > passed * 0.75]
    return {"rate": len(finished) / passed, "late_rate": len(late) / passed * 4}


@contextmanager
def snapshot(ground: Ground) -> Iterator[None]:
    with closing(ground.servers.postgres.connect_as_superuser(DATABASE)) as other, other.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT count(*) FROM queues")  # the snapshot is taken by the first look
        yield
        other.rollback()
