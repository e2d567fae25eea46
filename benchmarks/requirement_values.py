"""What a tenant costs the others whose tasks each ask for something else, which no worker has."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import psutil

from benchmarks.database_fixture import (
    ACTOR,
    BATCH,
    DatabaseFixture,
    answer,
    cluster,
    make_tenant,
    pause,
    resume,
    wait_for,
)
from benchmarks.report import Figure, Measurement
from benchmarks.throughput import Cpu
from queueapp import tasks
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope
from tests.clusters import RunningCluster

OWN_PARTITION = "partition_id = taskrunner_partition_id('bench', 'bench.noop', '{}')"
UNFINISHED = f"""
    SELECT EXISTS (SELECT FROM taskrunner_tasks WHERE status = 'queued' AND {OWN_PARTITION})
        OR EXISTS (SELECT FROM taskrunner_tasks WHERE status = 'leased')
"""
UNLISTED = "SELECT %(values)s > count(*) FROM taskrunner_partitions"
SECONDS = """
    SELECT extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM taskrunner_tasks WHERE tenant_id = %(id)s
"""


class Observed(NamedTuple):
    """Percent of a core that is used while nothing runs, and of each run its seconds and its processor time a task."""

    workers: float
    postgres: float
    seconds: list[float]
    task_us: list[float]

    @property
    def idle(self) -> float:
        return self.workers + self.postgres


def measure(fixture: DatabaseFixture) -> Measurement:
    values = 5_000 if fixture.quick else 100_000
    many = make_tenant("of-many-values")
    with operator_scope(ACTOR):
        Tenant.objects.filter(id=many).update(limits={"requirement_sets": None})
    with cluster(2) as running:
        run(fixture, running, "warm-up")
        one = observe(fixture, running, many, values, lambda number: 0)
        each = observe(fixture, running, many, values, lambda number: number)
    ratio = statistics.median(each.seconds) / statistics.median(one.seconds)
    detail = {**each._asdict(), **{f"one value: {name}": value for name, value in one._asdict().items()}}
    told = f"{values:,} values of a requirement"
    return Measurement(
        [
            Figure(f"two idle workers, {told} and one new a second", each.idle, "% of a core", 5.0, True, detail),
            Figure(f"time of others' tasks, {told} against one", ratio, "×", 1.2, True),
        ]
    )


def observe(
    fixture: DatabaseFixture, running: RunningCluster, many: UUID, count: int, value_of: Callable[[int], int]
) -> Observed:
    """Beside so many tasks of a tenant that wait for a worker with the value of their number."""
    fixture.clear()
    for first in range(0, count, BATCH):
        fixture.submit_all([asking_for(value_of(number)) for number in range(first, first + BATCH)], many)
    fixture.administer("VACUUM ANALYZE taskrunner_tasks, taskrunner_task_logs")
    partitions = len({value_of(number) for number in range(count)})
    wait_for(lambda: not answer(UNLISTED, {"values": partitions})[0], seconds=600)
    workers, postgres = idle_shares(fixture, running, lambda: asking_for(value_of(time.time_ns())), many)
    runs = [run(fixture, running, f"{partitions}-{number}") for number in range(max(5, fixture.runs))]
    return Observed(workers, postgres, [seconds for seconds, _ in runs], [task_us for _, task_us in runs])


def asking_for(value: int) -> dict[str, object]:
    return {"type": "bench.noop", "requirements": {"value": value}}


def idle_shares(
    fixture: DatabaseFixture, running: RunningCluster, next_request: Callable[[], dict[str, object]], tenant: UUID
) -> tuple[float, float]:
    """Of the workers and of PostgreSQL, while the tenant submits one task a second."""
    seconds = 10 if fixture.quick else 60
    time.sleep(5)
    workers = [psutil.Process(worker.pid) for worker in running.live_workers()]
    server = psutil.Process(fixture.servers.postgres.pid)
    before = spent(workers), spent([server, *server.children()])
    for _ in range(seconds):
        tasks.submit_request(next_request(), tenant_id=tenant)
        time.sleep(1)
    after = spent(workers), spent([server, *server.children()])
    return (after[0] - before[0]) / seconds * 100, (after[1] - before[1]) / seconds * 100


def spent(processes: list[psutil.Process]) -> float:
    """Seconds, those of sessions that ended included."""
    times = [process.cpu_times() for process in processes]
    return float(sum(each.user + each.system + each.children_user + each.children_system for each in times))


def run(fixture: DatabaseFixture, running: RunningCluster, slug: str) -> tuple[float, float]:
    """Of another tenant's tasks, which ask for nothing: seconds from the first one's start to the last one's end, and
    microseconds of processor time a task.
    """
    count, tenant = 4_000 if fixture.quick else 20_000, make_tenant(slug)
    pause()
    fixture.submit(count, tenant=tenant)
    cpu = Cpu(fixture, running)
    resume()
    wait_for(lambda: not answer(UNFINISHED)[0], seconds=600)
    spent = cpu.per_task(count)
    return float(answer(SECONDS, {"id": tenant})[0]), spent["python_us"] + spent["postgres_us"]
