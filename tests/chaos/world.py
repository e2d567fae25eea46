"""The world of a chaos run: one tenant, a flow of tasks, a cluster that is started again when its main process dies."""

import os
import random
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models.functions import Now

from queueapp import tasks
from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope
from tests.clusters import RunningCluster
from tests.s3 import S3Server
from tests.waiting import wait_until

WORKERS = 4


class World:
    """What the scenarios act on. `submitted` counts every task that was acknowledged."""

    def __init__(self, seed: int, directory: Path, s3: S3Server) -> None:
        self.s3 = s3
        self.random = random.Random(seed)
        self.directory = directory
        self.marks = directory / "marks"
        self.submitted = 0
        with operator_scope("operator:chaos"):
            self.tenant = Tenant.objects.create(slug="chaos", name="Chaos").id
        self.surroundings: dict[str, str] = {}  # variables that every cluster is started with
        self.cluster = self._start()
        self.cluster.wait_ready()

    def _start(self) -> RunningCluster:
        return RunningCluster(workers=WORKERS, **self.surroundings)

    def restart(self, **surroundings: str) -> None:
        """Another cluster, with these variables from now on."""
        with self.without_cluster():
            self.surroundings = surroundings

    @contextmanager
    def without_cluster(self) -> Iterator[None]:
        """Afterwards there is another."""
        self.cluster.destroy()
        try:
            yield
        finally:
            self.cluster = self._start()
            self.cluster.wait_ready()

    def submit(self, count: int, *, most_seconds: float = 0.05) -> None:
        """Submit tasks that mark their executions and take up to `most_seconds` each; max_retries is 0."""
        requests = [
            {
                "type": "sample.record",
                "params": {"mark": str(self.marks), "seconds": self.random.uniform(0, most_seconds)},
                "timeout_seconds": 60,
            }
            for _ in range(count)
        ]
        self.submitted += len(tasks.submit_many(requests, tenant_id=self.tenant))

    def submit_one(self, type: str, *, timeout_seconds: int = 120, **params: object) -> UUID:
        """Submit a task before all others."""
        request = {"params": params, "priority": 10, "timeout_seconds": timeout_seconds}
        task = tasks.submit(type, tenant_id=self.tenant, **request)
        self.submitted += 1
        return task.id

    def submit_long(self, count: int, seconds: float) -> list[UUID]:
        """Tasks that mark their executions and take so long; returns when all of them run."""
        mark = str(self.marks)
        long = [self.submit_one("sample.record", mark=mark, seconds=seconds) for _ in range(count)]
        # leased is not enough: one that a worker holds behind another goes back after a second
        wait_until(lambda: self.executions_of(long) == count)
        return long

    def executions_of(self, ids: Collection[UUID]) -> int:
        """How often handlers of these tasks have started."""
        wanted = {str(id) for id in ids}
        lines = self.marks.read_text().splitlines() if self.marks.exists() else []
        return sum(1 for line in lines if line.split()[0] in wanted)

    def submit_attaching(self, count: int) -> None:
        """Submit tasks that mark their executions and attach up to 400 kB each."""
        mark, most = str(self.marks), 10_000
        requests = [
            {"type": "sample.attach", "params": {"mark": mark, "times": self.random.randint(1, most)}}
            for _ in range(count)
        ]
        self.submitted += len(tasks.submit_many(requests, tenant_id=self.tenant))

    def canary_seconds(self, *, patience: float = 60) -> float:
        """How long a task submitted now takes to complete, whatever has just been done to the cluster."""
        started = time.monotonic()
        task = tasks.submit("sample.noop", {}, priority=10, tenant_id=self.tenant)
        self.submitted += 1
        while True:
            self.revive()
            with operator_scope("operator:chaos"):
                if Task.objects.filter(id=task.id, status="completed").exists():
                    return time.monotonic() - started
            if time.monotonic() - started > patience:
                raise TimeoutError(f"the canary {task.id} did not complete within {patience} s")
            time.sleep(0.01)

    def revive(self) -> None:
        """Start the cluster again if its main process is gone, as an init system would."""
        if self.cluster.process.poll() is not None:
            self.cluster.destroy()
            self.cluster = self._start()

    def kill(self, part: str) -> None:
        """kill -9 one process of the cluster, as soon as there is one of that part."""
        while True:
            self.revive()
            try:
                os.kill(self._pid_of(part), signal.SIGKILL)
                return
            except (IndexError, StopIteration, psutil.NoSuchProcess, ProcessLookupError):
                time.sleep(0.01)  # it is being replaced at this moment

    def _pid_of(self, part: str) -> int:
        if part == "main":
            return self.cluster.main
        if part == "worker":
            return self.random.choice(self.cluster.live_workers()).pid
        return self.cluster.pid_of(part)

    def wait_for_executions(self) -> None:
        """Wait until some worker has something in hand, or has finished it all."""

        def is_under_way() -> bool:
            self.revive()  # workers of a cluster that was just killed may have executed the last canary
            return bool(self.leased() or not self.unfinished())

        wait_until(is_under_way)

    def leased(self) -> int:
        return self.count(status="leased")

    def count(self, **wanted: object) -> int:
        """How many tasks are as said."""
        with operator_scope("operator:chaos"):
            return Task.objects.filter(**wanted).count()

    def result_of(self, task_id: UUID) -> Any:
        """What a task of ours came to, as soon as it is completed."""
        wait_until(lambda: self.count(id=task_id, status="completed"))
        with operator_scope("operator:chaos"):
            return Task.objects.get(id=task_id).result

    def expire_leases(self, workers: list[UUID]) -> int:
        """Let the time of these workers' leases pass; returns how many there were.

        A stopped process may have been stopped in a transaction that locks rows: PostgreSQL ends it after a while.
        """
        expired = 0
        while True:
            with operator_scope("operator:chaos"):
                leased = Task.objects.filter(status="leased", worker_id__in=workers, lease_expires_at__gt=Now())
                if not leased.exists():
                    return expired
                free = list(leased.select_for_update(skip_locked=True).values_list("id", flat=True))
                expired += Task.objects.filter(id__in=free).update(lease_expires_at=Now() - timedelta(seconds=1))
            time.sleep(0.05)

    def reconnect(self) -> None:
        """PostgreSQL is another process now."""
        connection.close()

    def unfinished(self) -> int:
        """How many tasks have not ended; -1 while the database is away."""
        try:
            with operator_scope("operator:chaos"):
                return Task.objects.exclude(status__in=("completed", "dead_letter", "cancelled")).count()
        except DatabaseError:
            connection.close()
            return -1

    def heal(self, *, seconds: float = 120) -> float:
        """Wait until everything has ended; returns how long that took."""
        started = time.monotonic()
        while left := self.unfinished():
            self.revive()
            if time.monotonic() - started > seconds:
                raise TimeoutError(f"{left} tasks have not ended after {seconds} s")
            time.sleep(0.05)
        return time.monotonic() - started

    def close(self) -> None:
        self.cluster.destroy()
