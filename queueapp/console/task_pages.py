"""A page of the task list, found by a key at any depth, however rare what is asked for.

A list that is in the order of an index is read from it. Any other filter is put to a window of tasks at a time, so
that no page takes longer than that: who looks for something rare looks further back by a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from queueapp.console.access import Access
from queueapp.console.task_query import TaskQuery
from queueapp.models import Task
from queueapp.models.tasks import TaskQuerySet
from queueapp.states import Status
from queueapp.tasks.filters import SLACK, TaskFilter, moment_of
from queueapp.tasks.partitions import partitions_of

PAGE_ROWS = 50
WINDOW = 50_000
MOST_PARTITIONS = 100
LARGE = ("params", "progress", "result", "error_detail")
# what an index serves: in the order of ids most states, each tenant and failures of a kind; copies are few
IN_ORDER = {"tenant", "state", "error_fingerprint", "retried_from"}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: at the tasks that are older than this one, or with `newer` at those before them."""

    task_id: UUID
    newer: bool = False


@dataclass(frozen=True, slots=True)
class TaskPage:
    """The newest first. A cursor leads on where there is more; `searched_to` is where the window ended."""

    tasks: list[Task]
    older: UUID | None = None
    newer: UUID | None = None
    searched_to: UUID | None = None

    @property
    def searched_to_moment(self) -> datetime | None:
        return None if self.searched_to is None else moment_of(self.searched_to)


def page_of(query: TaskQuery, cursor: Cursor | None, access: Access, *, most: int = PAGE_ROWS) -> TaskPage:
    """Needs a scope. Only the platform's own people see all partitions, so only they search through them."""
    newer = cursor is not None and cursor.newer
    searched_to = None
    by_partition = access.is_platform and _is_by_partition(query)
    partitions = partitions_of(query.type, query.queue, most=MOST_PARTITIONS) if by_partition else None
    if partitions is not None:
        found = _of_partitions(query, partitions, cursor, access, most)
    else:
        rows, searched_to = _window(query, cursor, access)
        found = list(rows.order_by("id" if newer else "-id")[: most + 1])
    there_is_more, found = len(found) > most, found[:most]
    if there_is_more:
        searched_to = None
    if newer:
        found.reverse()
    has_older, has_newer = (True, there_is_more) if newer else (there_is_more, cursor is not None)
    ends = (found[-1].pk, found[0].pk) if found else (None, cursor.task_id if cursor else None)
    return TaskPage(found, ends[0] if has_older else None, ends[1] if has_newer else None, searched_to)


def tasks_in(access: Access) -> TaskQuerySet:
    """The tasks of a scope. A tenant is named although no other's can be seen: so it is known how few its own are."""
    return Task.objects.all() if access.is_platform else Task.objects.filter(tenant=access.tenant_id)


def _rows(query: TaskQuery, access: Access) -> TaskQuerySet:
    """Those of the tenant that is named."""
    tasks = tasks_in(access).select_related("tenant").defer(*LARGE)
    return tasks if query.tenant_ids is None else tasks.filter(tenant__in=query.tenant_ids)


def _is_by_partition(query: TaskQuery) -> bool:
    """Whether the indexes that begin with the partition serve it."""
    narrowing = query.model_fields_set - {"state", "type", "queue"}
    return bool(query.type or query.queue) and not any(getattr(query, name) for name in narrowing)


def _of_partitions(
    query: TaskQuery, partitions: Sequence[int], cursor: Cursor | None, access: Access, most: int
) -> list[Task]:
    """By the time of their submit, as they stand in the index of each partition: read from each and merged."""
    newer = cursor is not None and cursor.newer
    order = ("created_at", "id") if newer else ("-created_at", "-id")
    rows = Task.objects.all() if query.state is None else Task.objects.filter(status=query.state)
    if cursor is not None:
        rows = rows.filter(_beyond(cursor))
    heads = [rows.filter(partition=each).order_by(*order).values("id", "created_at")[: most + 1] for each in partitions]
    if not heads:
        return []
    merged = heads[0].union(*heads[1:], all=True).order_by(*order)[: most + 1] if len(heads) > 1 else heads[0]
    return list(_rows(query, access).filter(pk__in=[row["id"] for row in merged]).order_by(*order))


def _beyond(cursor: Cursor) -> Q:
    """What comes after a task that may be gone, in the order of submits."""
    known = Task.objects.filter(pk=cursor.task_id).values_list("created_at", flat=True).first()
    at = known or moment_of(cursor.task_id)
    if cursor.newer:
        return Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(pk__gt=cursor.task_id))
    return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=cursor.task_id))


def _window(query: TaskQuery, cursor: Cursor | None, access: Access) -> tuple[TaskQuerySet, UUID | None]:
    """The rows that match, and where the window ended that they were looked for in, if they were in one."""
    newer = cursor is not None and cursor.newer
    rows = _rows(query, access)
    if cursor is not None:
        rows = rows.filter(id__gt=cursor.task_id) if newer else rows.filter(id__lt=cursor.task_id)
    # few tasks run or wait, or so many that they are met at once; all else lies in the order of an index
    if query.state not in (None, Status.COMPLETED):
        rows = rows.filter(status=query.state)
    rows = TaskFilter(error_fingerprint=query.error_fingerprint, retried_from=query.retried_from).narrow(rows)
    matching = query.filter.narrow(rows)
    if not any(getattr(query, name) for name in query.model_fields_set - IN_ORDER) and query.state != Status.COMPLETED:
        return matching, None
    ids = rows.order_by("id" if newer else "-id").values_list("id", flat=True)
    end = next(iter(ids[WINDOW : WINDOW + 1]), None)
    since = query.filter.created_after
    if end is None or (since is not None and not newer and moment_of(end) < since - SLACK):
        return matching, None
    return matching.filter(id__lte=end) if newer else matching.filter(id__gte=end), end
