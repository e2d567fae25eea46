"""A platform where much happens: what a real cluster of two workers makes of tasks of every kind."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from queueapp import tasks
from queueapp.apikeys import create_key
from queueapp.models import Cluster, ErrorGroup, Schedule, Task, TaskCount, Tenant
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from tests.clusters import RunningCluster, running_cluster
from tests.factories import create_artifact
from tests.waiting import wait_until

FAILURES = 30


@dataclass(frozen=True)
class Lively:
    """Where to look for what."""

    cluster: RunningCluster
    running: UUID  # a task that says it is half way
    dead: UUID
    stuck: UUID  # no worker can take it
    artifact: UUID
    schedule: UUID
    key_prefix: str

    def fingerprint(self) -> str:
        with operator_scope("operator:test"):
            return Task.objects.get(pk=self.dead).error_fingerprint


@contextmanager
def lively(acme: Tenant, globex: Tenant, directory: Path) -> Iterator[Lively]:
    with running_cluster(workers=2, RELEASE="2026.11") as cluster:
        with operator_scope("operator:ada"):
            service.add_queue("media")
            service.pause_queue("media", "bad encoder")
            schedule = Schedule.objects.create(tenant=acme, name="nightly", type="echo", cron="0 3 * * *").pk
        tasks.submit_many([{"type": "sample.noop", "labels": ["invoice"]}] * 200, tenant_id=acme.pk)
        tasks.submit_many([{"type": "sample.noop"}] * 40, tenant_id=globex.pk)
        failing = {"type": "sample.fail", "params": {"times": 9}}
        dead = tasks.submit_many([failing] * FAILURES, tenant_id=acme.pk)[0]
        tasks.submit_many([failing] * 5 + [{"type": "sample.give_up"}] * 3, tenant_id=globex.pk)
        tasks.submit_many([{"type": "sample.noop", "queue": "media"}] * 12, tenant_id=acme.pk)
        far = {"type": "sample.noop", "requirements": {"region": "eu-west-1"}}
        stuck = tasks.submit_many([far] * 7, tenant_id=acme.pk)[0]
        tasks.submit_many([{"type": "echo", "delay_seconds": 3600}] * 5, tenant_id=acme.pk)
        mark = str(directory / secrets.token_hex(4))
        running = tasks.submit("sample.talk", {"mark": mark}, tenant_id=acme.pk).pk
        with operator_scope("operator:test"):
            key, _ = create_key(acme, "reports", "client")
        wait_until(_is_told_of_all)
        with operator_scope("operator:test"):
            task = Task.objects.get(pk=dead)
        yield Lively(cluster, running, dead, stuck, create_artifact(task), schedule, key.prefix)


def _is_told_of_all() -> bool:
    """All that can end has ended, and is counted."""
    with operator_scope("operator:test"):
        waits = Task.objects.filter(status="queued", requirements={}).exclude(queue="media").exists()
        counted = sum(ErrorGroup.objects.values_list("failures", flat=True)) == FAILURES + 8
        running = TaskCount.objects.filter(status="leased").values_list("tasks", flat=True)
        return not waits and counted and sum(running) == 1 and Cluster.objects.exists()
