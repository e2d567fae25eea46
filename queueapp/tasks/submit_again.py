"""Submit again: a task made from an earlier one, with what somebody changed about it. The earlier one stays."""

from typing import Annotated, Any
from uuid import UUID

from django.db import IntegrityError
from pydantic import Field, StringConstraints, ValidationError

from queueapp.errors import FieldError, InvalidTask, TaskNotFound
from queueapp.models import Task
from queueapp.redaction import restored
from queueapp.tasks.declared_types import TypeFinder
from queueapp.tasks.requests import Params
from queueapp.tasks.submit import check_submission, insert_one
from queueapp.tenancy import ensure_scope, one_statement_scope
from queueapp.tenancy.logins import refuse_unsafe_login
from queueapp.validation import (
    MAX_SECONDS_AHEAD,
    Label,
    MaxRetries,
    Priority,
    RequestModel,
    Scalar,
    Text,
    TimeoutSeconds,
    field_errors,
)

SAME = ("queue", "timeout_seconds", "max_retries", "requirements", "labels")  # as the earlier task's, unless changed
SOURCE_IS_GONE = "task_retried_from_within_tenant"


class Changes(RequestModel):
    """What is to be different about the new task. Null or left out: as the earlier task had it; it is due at once."""

    params: Params | None = Field(
        None,
        description="All of them. Where they still hold `***` as the earlier task shows it, they get the secret behind "
        "it.",
    )
    queue: Annotated[Text, StringConstraints(min_length=1, max_length=64)] | None = None
    priority: Priority | None = None
    delay_seconds: float | None = Field(None, ge=0, le=MAX_SECONDS_AHEAD, strict=True)
    timeout_seconds: TimeoutSeconds | None = None
    max_retries: MaxRetries | None = None
    requirements: Annotated[dict[Label, Scalar], Field(max_length=8)] | None = None
    labels: Annotated[list[Label], Field(max_length=16)] | None = None


def submit_again(
    task_id: UUID, params: dict[str, Any] | None = None, *, tenant_id: UUID | None = None, **changes: Any
) -> Task:
    """Submit a task like an earlier one, whatever became of that, and return it; `changes` are fields of Changes.

    It is checked as any submission is, and names the earlier one in `retried_from_id`; the logs of both tell of it.
    Raises TaskNotFound, InvalidTask (nothing is stored).
    """
    refuse_unsafe_login()
    try:
        changed = Changes(params=params, **changes)
    except ValidationError as error:
        raise InvalidTask(field_errors(error)) from None
    with ensure_scope(tenant_id):
        source = Task.objects.filter(id=task_id).first()
    if source is None or tenant_id not in (None, source.tenant_id):  # an operator's scope does not narrow to it
        raise TaskNotFound(task_id)
    types = TypeFinder(source.tenant_id)
    item = check_submission(_request(source, changed), types)
    item.retried_from_id = source.id
    if changed.priority is None:
        item.priority = source.priority  # it may be one of django.tasks, beyond 1–10
    try:
        with one_statement_scope(source.tenant_id):
            return insert_one(types.owner_id, item)
    except IntegrityError as error:
        if SOURCE_IS_GONE in str(error):
            raise TaskNotFound(task_id) from None
        raise


def _request(source: Task, changed: Changes) -> dict[str, Any]:
    given = changed.model_dump(exclude_none=True, exclude={"params"})
    same = {name: getattr(source, name) for name in SAME}
    return {**same, **given, "type": source.type, "params": _params(source, changed)}


def _params(source: Task, changed: Changes) -> dict[str, Any]:
    """Raises InvalidTask for a mask that nothing hides behind."""
    if changed.params is None:
        return source.params  # type: ignore[no-any-return]
    params, left = restored(changed.params, source.params, source.secrets)
    if left:
        message = "holds ***, but not where the earlier task hides a secret: write out what it is to be"
        raise InvalidTask([FieldError(f"params.{path}", "masked_value", message) for path in left])
    return params  # type: ignore[no-any-return]
