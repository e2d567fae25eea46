"""A tenant's own figures: how much it may do, and what its tasks have done."""

from typing import Any

from django.conf import settings
from pydantic import BaseModel, Field, create_model
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.limits.tenant_limits import limits_model
from queueapp.rest.toolkit import quota
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.long_poll import MAX_WAIT_SECONDS
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks import queries
from queueapp.tasks.figures import WindowDocument
from queueapp.validation import RequestModel, ResponseModel
from queueapp.windows import WindowName


class LimitsUse(ResponseModel):
    """What of the limits is used now."""

    window_seconds: int
    tasks_accepted: int | None = Field(description="Submissions in the window that ends now.")
    tasks_left: int | None


# with the limits that the installed families registered: this is imported after them, with the URLs
LimitsResponse: type[BaseModel] = create_model(
    "LimitsResponse",
    __base__=limits_model(),
    __doc__="What holds for the tenant; no tasks_per_minute means no limit. A megabyte has 2**20 bytes.",
    max_body_bytes=(int, ...),
    max_wait_seconds=(int, ...),
    use=(LimitsUse, ...),
)


class TypeUsage(ResponseModel):
    """What became of a type's tasks in the last hour."""

    type: str
    completed: int
    failed_tries: int
    dead_lettered: int
    cancelled: int
    average_wait_seconds: float | None
    average_run_seconds: float | None


class LastHour(ResponseModel):
    """The last hour, by type and in all. The success rate is that of the tasks that ended of themselves."""

    types: list[TypeUsage]
    completed: int
    dead_lettered: int
    success_rate: float | None


class StatsResponse(ResponseModel):
    """How many tasks are in each status, by queue and in all, about a second behind."""

    counts: dict[str, int]
    queues: dict[str, dict[str, int]]
    last_hour: LastHour
    window: WindowDocument


class StatsQuery(RequestModel):
    """How far back `window` looks."""

    window: WindowName = "1h"


@resource("limits", tag="Usage")
class Limits(ApiView):
    """The limits of the principal's tenant, its own included, and how much of them is used."""

    @endpoint(
        "What holds for one's tenant",
        right=Right.USAGE_READ,
        responses={200: ResponseSpec("The limits.", LimitsResponse)},
    )
    def get(self, request: Request) -> Response:
        limits = self.principal.limits
        accepted = quota.accepted_lately(self.principal.tenant_id, limits)
        most = limits.tasks_per_minute
        return Response(
            LimitsResponse(
                **dict(limits),  # without the computed ones, which the response computes itself
                max_body_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
                max_wait_seconds=MAX_WAIT_SECONDS,
                use=LimitsUse(
                    window_seconds=quota.WINDOW_SECONDS,
                    tasks_accepted=accepted,
                    tasks_left=None if most is None or accepted is None else max(0, most - accepted),
                ),
            )
        )


@resource("stats", tag="Usage")
class Stats(ApiView):
    """How many tasks are in each status and queue, and what became of them in the last hour."""

    @endpoint(
        "How many tasks there are, and what became of them",
        right=Right.USAGE_READ,
        responses={200: ResponseSpec("Figures.", StatsResponse)},
    )
    def get(self, request: Request, query: StatsQuery) -> Response:
        tenant_id = self.principal.sees_tenant
        with self.principal.scope():
            queues = queries.counts_by_queue(tenant_id=tenant_id)
            last_hour = _last_hour(queries.usage_rows(tenant_id=tenant_id))
            window = WindowDocument.of_window(query.window, tenant_id)
        return Response(StatsResponse(counts=_summed(queues), queues=queues, last_hour=last_hour, window=window))


def _summed(queues: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for statuses in queues.values():
        for status, tasks in statuses.items():
            total[status] = total.get(status, 0) + tasks
    return total


def _last_hour(types: list[dict[str, Any]]) -> LastHour:
    completed, dead = (sum(row[name] for row in types) for name in ("completed", "dead_lettered"))
    rate = completed / (completed + dead) if completed + dead else None
    usage = [TypeUsage(**row) for row in types]
    return LastHour(types=usage, completed=completed, dead_lettered=dead, success_rate=rate)
