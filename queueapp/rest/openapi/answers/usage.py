"""A tenant's own figures."""

from pydantic import Field

from queueapp.rest.openapi.answers.common import ResponseModel


class LimitsUse(ResponseModel):
    """What of the limits is used now."""

    window_seconds: int
    tasks_accepted: int | None = Field(description="Submissions in the window that ends now.")
    tasks_left: int | None


class Limits(ResponseModel):
    """What holds for the tenant; no tasks_per_minute means no limit. A megabyte has 2**20 bytes."""

    task_max_runtime_seconds: int
    task_max_artifact_mb: int
    tasks_per_minute: int | None
    max_batch_size: int
    search_source_allowlist: list[str]
    search_max_results: int
    search_cache_ttl_seconds: int
    fetch_domain_allowlist: list[str]
    allowed_types: list[str]
    max_body_bytes: int
    max_wait_seconds: int
    use: LimitsUse


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
