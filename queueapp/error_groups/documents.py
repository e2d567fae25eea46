"""Errors as documents for machines: the same from the HTTP API and from the command with --json."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from queueapp.error_groups.queries import ErrorDetail, Sample
from queueapp.models import ErrorGroup
from queueapp.redaction import masked_text
from queueapp.validation import ResponseModel

BY_RELEASE = "As the setting RELEASE of the worker named it; empty: it named none."


class ErrorDocument(ResponseModel):
    """A kind of failure: tasks of one type that failed in the same place of the code, with the same words."""

    fingerprint: str
    type: str
    code: str
    title: str = Field(description="The message without secrets, with N for numbers, ids and quoted words.")
    exception_class: str
    state: str = Field(description="open, ignored or resolved; where it differs between tenants, the first of these.")
    failures: int = Field(description="In the window.")
    buckets: list[int] = Field(
        description="The same by spans of five minutes, in windows of a day or more of an hour; the last runs now."
    )
    first_seen: datetime
    last_seen: datetime
    first_release: str = Field(description=BY_RELEASE)
    last_release: str = Field(description=BY_RELEASE)
    tenants: int


class ErrorOfTenant(ResponseModel):
    """What was counted of it for one tenant, and decided."""

    tenant: str
    failures: int = Field(description="All, whenever.")
    first_seen: datetime
    last_seen: datetime
    state: str
    ignored_until: int | None = Field(description="It is open again once so many failures were counted.")
    resolved_in: str
    note: str
    changed_by: str
    changed_at: datetime | None

    @classmethod
    def of_group(cls, group: ErrorGroup) -> Self:
        return cls.of(group, tenant=group.tenant.slug)


class ErrorSample(ResponseModel):
    """A failure lately. All but the task's id is null once the log of that task is gone."""

    task_id: UUID
    attempt: int
    at: datetime | None
    worker_id: UUID | None
    message: str | None
    traceback: str | None = Field(description="Without secrets, at most 16 KiB. Null to all but admin keys.")

    @classmethod
    def of_sample(cls, sample: Sample, *, with_traceback: bool) -> Self:
        log = sample.log or {}
        return cls(
            task_id=sample.task_id,
            attempt=sample.attempt,
            at=log.get("at"),
            worker_id=log.get("worker_id"),
            message=masked_text(log["message"]) if log else None,
            traceback=((log.get("detail") or {}).get("traceback") or None) if with_traceback else None,
        )


class ErrorDetailDocument(ErrorDocument):
    """The same with each tenant's part, at most 200, and a failure lately."""

    by_tenant: list[ErrorOfTenant]
    sample: ErrorSample

    @classmethod
    def of_detail(cls, detail: ErrorDetail, *, with_traceback: bool) -> Self:
        sample = ErrorSample.of_sample(detail.sample, with_traceback=with_traceback)
        by_tenant = [ErrorOfTenant.of_group(group) for group in detail.groups]
        return cls.of(detail.row, by_tenant=by_tenant, sample=sample)
