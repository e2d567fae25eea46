"""What a measurement stands on: its tenant, its tasks, its clusters, and an empty database in between."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from queueapp import tasks
from queueapp.models import Queue, Tenant
from queueapp.redis import notifier
from queueapp.tasks import TaskRequest
from queueapp.tenancy import operator_scope
from taskrunner.devserver.embedded import EmbeddedServers
from taskrunner.devserver.embedded.postgres import DATABASE
from tests.clusters import RunningCluster, running_cluster

ACTOR = "operator:benchmark"
QUEUE = "bench"
BATCH = 1_000
TABLES = ", ".join(
    f"taskrunner_{name}" for name in ("tasks", "task_logs", "task_deltas", "task_counts", "task_stats", "dedup_keys")
)


@dataclass(frozen=True)
class DatabaseFixture:
    """Fresh servers with a migrated database, and how thorough to be."""

    servers: EmbeddedServers
    tenant: UUID
    quick: bool
    seconds: float  # how long a window of throughput should be
    runs: int  # of which the median counts

    def submit(self, count: int, type: str = "bench.noop", tenant: UUID | None = None, **options: Any) -> None:
        for start in range(0, count, BATCH):
            self.submit_all([{"type": type, **options}] * min(BATCH, count - start), tenant)

    def submit_mixed(self, count: int, types: Sequence[str]) -> None:
        """So many in all, of each type in turn."""
        for start in range(0, count, BATCH):
            numbers = range(start, min(start + BATCH, count))
            self.submit_all([{"type": types[number % len(types)]} for number in numbers])

    def submit_all(self, requests: Sequence[TaskRequest | dict[str, Any]], tenant: UUID | None = None) -> None:
        tasks.submit_many(requests, tenant_id=tenant or self.tenant)

    def clear(self) -> None:
        """Empty the tables, so that no measurement meets another's remains."""
        self.administer(f"TRUNCATE {TABLES} CASCADE", "CHECKPOINT")

    def analyse(self) -> None:
        """What autovacuum would do within a minute: without it, plans of the first minute would be measured."""
        self.administer("ANALYZE taskrunner_tasks")

    def administer(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as superuser, outside any transaction; the rows of the last one, if it has any."""
        with closing(self.servers.postgres.connect_as_superuser(DATABASE)) as admin, admin.cursor() as cursor:
            admin.autocommit = True
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def make_tenant(slug: str) -> UUID:
    with operator_scope(ACTOR):
        return Tenant.objects.create(slug=slug, name=slug).id


@contextmanager
def cluster(workers: int, *queues: str, **environment: str) -> Iterator[RunningCluster]:
    """A real `manage.py qcluster`, ready, serving the queue of the benchmarks and these."""
    environment |= {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    with running_cluster("--queues", ",".join([QUEUE, *queues]), workers=workers, **environment) as running:
        yield running


def pause() -> None:
    """Let the cluster find nothing while tasks are submitted."""
    with operator_scope(ACTOR):
        Queue.objects.filter(name=QUEUE).update(paused_at=Now())
    time.sleep(1.5)  # workers read the queues once a second


def resume() -> None:
    with operator_scope(ACTOR):
        Queue.objects.filter(name=QUEUE).update(paused_at=None)
    notifier.notify([QUEUE])


def answer(query: str, parameters: dict[str, Any] | None = None) -> tuple[Any, ...]:
    """One row, seen as an operator."""
    with operator_scope(ACTOR), connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return tuple(cursor.fetchone() or ())


def answers(query: str, parameters: dict[str, Any]) -> list[Any]:
    """The first column, seen as an operator."""
    with operator_scope(ACTOR), connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [first for (first, *_) in cursor.fetchall()]


def wait_for(condition: Callable[[], object], seconds: float, every: float = 0.1) -> float:
    """Wait until the condition holds and return how long that took. Raises TimeoutError."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"not within {seconds:.0f} s: {condition}")
        time.sleep(every)
    return time.monotonic() - started


UNFINISHED = """
    SELECT EXISTS (SELECT FROM taskrunner_tasks WHERE status = 'queued')
        OR EXISTS (SELECT FROM taskrunner_tasks WHERE status = 'leased')
"""  # both looks are served by partial indexes


def all_done() -> bool:
    """Whether nothing is queued or running."""
    (unfinished,) = answer(UNFINISHED)
    return not unfinished
