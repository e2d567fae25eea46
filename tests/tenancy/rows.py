"""Rows in every table of the platform, and what all rows of a table look like."""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from configapp.changes import submit_change
from configapp.custom_keys import save_custom_key
from configapp.keyspec import KeySpec, Kind
from queueapp.claiming import Capabilities
from queueapp.models import (
    ApiKey,
    Artifact,
    Cluster,
    DedupKey,
    ErrorGroup,
    ErrorStat,
    IdempotencyKey,
    Membership,
    OperatorAction,
    PendingObject,
    Route,
    Run,
    RunMetric,
    RunNote,
    Schedule,
    ScheduleSlot,
    SecurityEvent,
    TaskCount,
    TaskStat,
    TaskType,
    Tenant,
    WorkerStat,
)
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, tenant_scope
from queueapp.tenancy.guard import tenant_tables
from queueapp.worker.heartbeats import register
from tests.configapp.applying import ConfigWorker
from tests.factories import create_task
from workloads.fetch.models import FetchedPage

TABLES = sorted(tenant_tables())


def tenant_column(table: str) -> str:
    return "id" if table == "taskrunner_tenants" else "tenant_id"


def fill(tenant: Tenant, worker_id: UUID) -> None:
    """Rows in every tenant table: tasks queued, held by a worker of another id, held by this one, and ended."""
    task = create_task("queued", tenant)
    create_task("leased", tenant)
    held = create_task("leased", tenant, worker_id=worker_id)
    create_task("completed", tenant)
    user = User.objects.create_user(f"member of {tenant.slug}")
    now = datetime.now(UTC)
    counted = {"tenant": tenant, "queue": "default"}
    with operator_scope("operator:test"):
        DedupKey.objects.create(tenant=tenant, queue="default", key="k", task=task, expires_at=now)
        IdempotencyKey.objects.create(tenant=tenant, key="k", digest="0" * 64, expires_at=now)
        ApiKey.objects.create(tenant=tenant, name="k", role="client", prefix=tenant.slug, digest="0" * 64)
        Membership.objects.create(tenant=tenant, user=user)
        TaskType.objects.create(tenant=tenant, type="declared", params_schema={})
        run = Run.objects.create(tenant=tenant, task=task, attempt=1, run_key="k")
        RunMetric.objects.create(tenant=tenant, run=run, task=task, name="n", value=1)
        RunNote.objects.create(tenant=tenant, run=run, task=task, type="t", content="")
        schedule = Schedule.objects.create(tenant=tenant, name="s", type="echo", every_seconds=60)
        ScheduleSlot.objects.create(tenant=tenant, schedule=schedule, slot_at=now, outcome="fired", task_id=task.id)
        for owner in (task, held):
            about = {"type": "report", "content_type": "text/plain", "size_bytes": 0, "sha256": "0" * 64}
            Artifact.objects.create(tenant=tenant, task=owner, attempt=owner.attempt, **about)
        PendingObject.objects.create(tenant=tenant, task_id=task.id, due_at=now)
        SecurityEvent.objects.create(tenant_id=tenant.id, actor="x", event="not_visible")
        OperatorAction.objects.create(tenant_id=tenant.id, actor="x", action="pause", target="default")
        TaskCount.objects.create(**counted, status="queued", tasks=1)
        TaskStat.objects.create(
            **counted,
            **{"span_seconds": 60, "starts_at": now, "type": "echo", "to_status": "queued", "moves": 1},
            **{"wait_seconds": 0, "run_seconds": 0},
        )
        seen = {"first_seen": now, "last_seen": now, "sample_task_id": task.id, "sample_attempt": 1}
        ErrorGroup.objects.create(tenant=tenant, fingerprint="f", type="echo", failures=1, **seen)
        ErrorStat.objects.create(tenant=tenant, fingerprint="f", span_seconds=300, starts_at=now, failures=1)
    with tenant_scope(tenant.id):
        FetchedPage.objects.create(
            tenant=tenant,
            **dict.fromkeys(("url", "requested_url"), f"https://{tenant.slug}.example/"),
            text=tenant.slug,
            size_bytes=1,
            sha256="0" * 64,
            fetched_at=now,
        )


def fill_shared(worker_id: UUID) -> None:
    """Rows in every table that belongs to no tenant."""
    register(worker_id, new_id(), Capabilities(queues=("default",)))
    with operator_scope("operator:test"):
        Cluster.objects.create(host="h", pid=1, machine="m", start_ticks=1)
        WorkerStat.objects.create(worker_id=worker_id, minute=datetime.now(UTC), attempts=1, failures=0, run_seconds=0)
        Route.objects.create(pattern="echo.*", queue_id="default")
        save_custom_key(KeySpec("feature.banner", Kind.STRING, "a line of text"))
    submit_change("github.api_token", "a secret of some length", actor="operator:test")
    ConfigWorker().run_all()


def everything(table: str, tenant_id: UUID | None = None) -> list[str]:
    """All rows of a table, or a tenant's, as JSON objects, in one order."""
    where = f"WHERE {tenant_column(table)} = '{tenant_id}'" if tenant_id else ""
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t {where} ORDER BY id")
        return [row for (row,) in cursor.fetchall()]
