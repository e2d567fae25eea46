"""What a bulk operation would touch, before anybody presses the button. Each count ends at a cap; nothing is sorted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from queueapp.models import Task, Tenant
from queueapp.models.tasks import TaskQuerySet
from queueapp.states import Status
from queueapp.tasks.bulk import RUNS_AGAIN, BulkParams, Verb, concerned
from queueapp.tasks.partitions import partitions_of
from queueapp.tasks.queries import counts_by_queue
from queueapp.tenancy import current_scope
from queueapp.tenancy.roles import Role

MOST_COUNTED = 100_000
MOST_TENANTS = 100
MOST_PARTITIONS = 1_000
SAMPLE = 20


@dataclass(frozen=True, slots=True)
class TenantShare:
    """How many tasks of a tenant are concerned: at the least, where the preview is capped."""

    tenant: Tenant
    count: int


@dataclass(frozen=True, slots=True)
class QueueShare:
    """How many tasks of a queue are concerned, and how many wait in it now and would afterwards.

    An operator sees what waits of all tenants.
    """

    queue: str
    count: int
    waiting_now: int
    waiting_after: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What the verb would touch at the moment `as_of`, which a submission sends back to touch nothing newer."""

    as_of: datetime
    total: int
    tenants: list[TenantShare]
    queues: list[QueueShare]
    sample: list[Task]

    @property
    def is_capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > MOST_COUNTED

    @property
    def has_too_many_tenants(self) -> bool:
        """Whether tenants were left out: at most MOST_TENANTS can be served at once."""
        return len(self.tenants) > MOST_TENANTS


def preview(params: BulkParams, *, tenant: str | None = None) -> Preview:
    """What the verb would touch, of the named tenant or of all that the scope shows. Needs a scope."""
    tasks = _through_partitions(params, concerned(params)).order_by()
    tenants = _tenants_of(tasks, tenant)
    counts: Counter[tuple[UUID, str, str]] = Counter()
    for each in tenants:  # at least one of each, so that no tenant is overlooked
        counts.update(_counted(tasks.filter(tenant=each), max(1, MOST_COUNTED + 1 - counts.total())))
    of_tenants: Counter[UUID] = Counter()
    for (tenant_id, _, _), count in counts.items():
        of_tenants[tenant_id] += count
    sample = tasks.filter(tenant__in=tenants).select_related("tenant")
    return Preview(
        as_of=params.as_of or _now(),
        total=counts.total(),
        tenants=[TenantShare(each, of_tenants[each.pk]) for each in tenants],
        queues=list(_queues(params.verb, counts)),
        sample=list(sample.only("type", "queue", "status", "created_at", "tenant__slug")[:SAMPLE]),
    )


def _through_partitions(params: BulkParams, tasks: TaskQuerySet) -> TaskQuerySet:
    """The same tasks, found by the few partitions of their type and queue, which only operators see whole."""
    scope = current_scope()
    pattern, queue = params.filter.type, params.filter.queue
    if scope is None or scope.role is not Role.OPERATOR or not (pattern or queue):
        return tasks
    found = partitions_of(pattern, queue, most=MOST_PARTITIONS)
    return tasks if found is None else tasks.filter(partition__in=found)


def _tenants_of(tasks: TaskQuerySet, slug: str | None) -> list[Tenant]:
    """Those with any of the tasks, by their slugs; at most one more than can be served at once."""
    named = Tenant.objects.all() if slug is None else Tenant.objects.filter(slug=slug)
    return list(named.filter(Exists(tasks.filter(tenant=OuterRef("pk")))).order_by("slug")[: MOST_TENANTS + 1])


def _counted(tasks: TaskQuerySet, most: int) -> dict[tuple[UUID, str, str], int]:
    """How many of the tasks there are by tenant, queue and status, of the first that are found."""
    found, parameters = tasks.values("tenant_id", "queue", "status")[:most].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT tenant_id, queue, status, count(*) FROM ({found}) AS found GROUP BY 1, 2, 3",  # noqa: S608
            parameters,
        )
        return {(tenant_id, queue, status): count for tenant_id, queue, status, count in cursor.fetchall()}


def _queues(verb: Verb, counts: Counter[tuple[UUID, str, str]]) -> Iterator[QueueShare]:
    concerned: Counter[str] = Counter()
    leaving: Counter[str] = Counter()
    for (_, queue, status), count in counts.items():
        concerned[queue] += count
        leaving[queue] += count if verb == Verb.CANCEL and status == Status.QUEUED else 0
    kept = counts_by_queue()
    for queue, count in sorted(concerned.items()):
        now = kept.get(queue, {}).get(Status.QUEUED, 0)
        joining = count if verb in RUNS_AGAIN else 0
        yield QueueShare(queue, count, now, max(0, now + joining - leaving[queue]))


def _now() -> datetime:
    """By the clock of the database, as the moments that it is compared with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT taskrunner_now()")
        (moment,) = cursor.fetchone()
    return moment  # type: ignore[no-any-return]
