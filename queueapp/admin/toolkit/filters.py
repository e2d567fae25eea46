"""The filters of the task list: each takes its choices from a small table, and is served by an index."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from queueapp.handlers import registered_handlers
from queueapp.models import Queue, Task, Tenant, UsedPartition
from queueapp.states import Status

MOST_CHOICES = 200


def asked_for(request: HttpRequest, name: str) -> str | None:
    """The value of a filter in the URL, which may be one that no row has; None where the URL does not name it.

    PostgreSQL knows no NUL character, so no value has one, nor what stands for it here.
    """
    value = request.GET.get(name)
    return None if value is None else value.replace("\x00", "\ufffd")


def partitions_asked_for(request: HttpRequest) -> list[int] | None:
    """The partitions that the URL's type and queue select; None where it names neither."""
    wanted = {name: value for name in ("type", "queue") if (value := asked_for(request, name)) is not None}
    return list(UsedPartition.objects.filter(**wanted).values_list("pk", flat=True)) if wanted else None


class TaskFilter(SimpleListFilter):
    """A choice from the names that exist, and the one in the URL even if it does not."""

    def names(self) -> Iterable[str]:
        raise NotImplementedError

    def value(self) -> str | None:
        return asked_for(self.request, str(self.parameter_name))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = list(self.names())
        asked = self.value()
        return [(name, name) for name in (names if asked is None or asked in names else [*names, asked])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        value = self.value()
        return queryset if value is None else self.narrow(queryset, value)

    def narrow(self, tasks: QuerySet[Task], value: str) -> QuerySet[Task]:
        return tasks  # type and queue narrow together, by partition: see TaskList


class StatusFilter(TaskFilter):
    title = parameter_name = "status"

    def names(self) -> Iterable[str]:
        return [status.value for status in Status]

    def narrow(self, tasks: QuerySet[Task], value: str) -> QuerySet[Task]:
        return tasks.filter(status=value)


class TypeFilter(TaskFilter):
    title = parameter_name = "type"

    def names(self) -> Iterable[str]:
        return [handler.type for handler in registered_handlers()]


class QueueFilter(TaskFilter):
    title = parameter_name = "queue"

    def names(self) -> Iterable[str]:
        return Queue.objects.values_list("name", flat=True)[:MOST_CHOICES]


class TenantFilter(TaskFilter):
    """By slug. The id is looked up first, because a join would lose the order of the index."""

    title = parameter_name = "tenant"

    def names(self) -> Iterable[str]:
        return Tenant.objects.values_list("slug", flat=True)[:MOST_CHOICES]

    def narrow(self, tasks: QuerySet[Task], value: str) -> QuerySet[Task]:
        return tasks.filter(tenant__in=list(Tenant.objects.filter(slug=value)))
