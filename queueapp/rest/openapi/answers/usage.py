"""A tenant's own figures."""

from pydantic import BaseModel, Field, create_model

from queueapp.limits.tenant_limits import limits_model
from queueapp.rest.openapi.answers.common import ResponseModel


class LimitsUse(ResponseModel):
    """What of the limits is used now."""

    window_seconds: int
    tasks_accepted: int | None = Field(description="Submissions in the window that ends now.")
    tasks_left: int | None


# with the limits that the installed families registered: this is imported after them, with the URLs
Limits: type[BaseModel] = create_model(
    "Limits",
    __base__=limits_model(),
    __doc__="What holds for the tenant.",
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
    """The last hour, by type and in all."""

    types: list[TypeUsage]
    completed: int
    dead_lettered: int
    success_rate: float | None


class Stats(ResponseModel):
    """How many tasks are in each status, by queue and in all, about a second behind."""

    counts: dict[str, int]
    queues: dict[str, dict[str, int]]
    last_hour: LastHour
