"""A task of `django.tasks` with the platform's own options beside Django's."""

from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

from queueapp.contrib.django_tasks.interface import AnyTask


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWithOptions(AnyTask):
    """What `@task` makes. The decorator takes the options from Django 6.1 on, and in the backport; `using` always does.

        @task(max_retries=3)
        def charge(order_id): ...

        charge.using(labels=("spring",), tenant="acme").enqueue(1)

    `labels` is a tuple, since tasks can be compared and hashed.
    """

    max_retries: int | None = None  # tries after the first; None: none
    timeout_seconds: int | None = None  # None: as the platform's handlers, 300
    expires_seconds: float | None = None  # not started so long after it is due: cancelled
    labels: tuple[str, ...] = ()
    dedup_key: str | None = None  # for an hour, another enqueue with it yields the same result
    tenant: str | UUID | None = None  # whose task it is; None: the backend's OPTIONS["TENANT"], else the bound tenant's

    def using(self, **changes: Any) -> Self:
        """A copy with other options; None leaves one as it is, as Django's own `using` does."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    def submit_options(self) -> dict[str, Any]:
        """Those of our own that were given, as fields of a request."""
        given: dict[str, Any] = {}
        if self.max_retries is not None:
            given["max_retries"] = self.max_retries
        if self.timeout_seconds is not None:
            given["timeout_seconds"] = self.timeout_seconds
        if self.expires_seconds is not None:
            given["expires_seconds"] = self.expires_seconds
        if self.labels:
            given["labels"] = list(self.labels)
        if self.dedup_key is not None:
            given["dedup"] = {"key": self.dedup_key}
        return given
