"""What a client may ask for, checked before anything is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from queueapp import clock
from queueapp.errors import FieldError, InvalidTask
from queueapp.json_values import storable_json
from queueapp.models import TaskType
from queueapp.models.base import new_id
from queueapp.redaction import masked_text, secret_values
from queueapp.tasks.declared_types import TypeFinder, TypeRules
from queueapp.tasks.json_schema import params_errors
from queueapp.type_patterns import TASK_TYPE_PATTERN
from queueapp.validation import (
    MAX_SECONDS_AHEAD,
    Label,
    MaxRetries,
    NearMoment,
    Priority,
    RequestModel,
    Scalar,
    Text,
    TimeoutSeconds,
    field_errors,
    not_both,
)


class Dedup(RequestModel):
    """Until the key expires, submits with it yield the task that took it."""

    key: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    ttl_seconds: float = Field(3600, gt=0, le=31 * 86_400, strict=True)
    on_conflict: Literal["return", "reject", "replace"] = "return"


TaskTypeName = Annotated[str, StringConstraints(pattern=TASK_TYPE_PATTERN, max_length=200)]
Params = Annotated[dict[str, Any], BeforeValidator(storable_json)]


class SubmissionOptions(RequestModel):
    """How a task is to run, whenever that is; null or left out: as its type says."""

    # factories, because Pydantic deep-copies a mutable default for every request
    queue: Annotated[Text, StringConstraints(min_length=1, max_length=64)] | None = None
    priority: Priority = 5
    expires_seconds: float | None = Field(None, gt=0, le=MAX_SECONDS_AHEAD, strict=True)
    timeout_seconds: TimeoutSeconds | None = None
    max_retries: MaxRetries | None = None
    requirements: Annotated[dict[Label, Scalar], Field(max_length=8)] = Field(default_factory=dict)
    labels: Annotated[list[Label], Field(max_length=16)] = Field(default_factory=list)


class TaskRequest(SubmissionOptions):
    """One task to submit. Unknown fields are refused by name."""

    model_config = not_both(("run_at", "delay_seconds"), ("expires_at", "expires_seconds"))

    type: TaskTypeName
    params: Params = Field(default_factory=dict)
    run_at: NearMoment | None = None
    delay_seconds: float | None = Field(None, ge=0, le=MAX_SECONDS_AHEAD, strict=True)
    expires_at: NearMoment | None = None
    dedup: Dedup | None = None

    @model_validator(mode="after")
    def _one_start_time(self) -> Self:
        if self.run_at is not None and self.delay_seconds is not None:
            raise ValueError("give run_at or delay_seconds, not both")
        return self

    @field_validator("expires_at")
    @classmethod
    def _one_expiry_after_it_is_due(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is not None and info.data.get("expires_seconds") is not None:
            raise ValueError("give expires_at or expires_seconds, not both")
        due_at = info.data.get("run_at")
        if delay := info.data.get("delay_seconds"):
            due_at = clock.now() + timedelta(seconds=delay)
        if value is not None and due_at is not None and value <= due_at:
            message = "must lie after the moment when the task is due, or it could never start"
            raise PydanticCustomError("expires_before_due", message)
        return value


@dataclass(slots=True)
class Submission:
    """A checked request with everything decided but its queue's existence: one row of sql/submit_tasks.sql."""

    id: UUID
    type: str
    queue: str | None
    queue_of_type: str
    params: Any
    requirements: dict[str, Any]
    labels: list[str]
    priority: int
    run_at: datetime | None
    delay_seconds: float | None
    expires_at: datetime | None
    expires_seconds: float | None  # after it is due
    max_retries: int
    timeout_seconds: int
    dedup_key: str | None
    dedup_ttl_seconds: float | None
    dedup_replace: bool
    dedup_reject: bool
    retried_from_id: UUID | None = None  # of a single one (submit_again.py)


def parse_request(fields: dict[str, Any], *, path: str = "") -> TaskRequest:
    """Check the form of a request. Raises InvalidTask naming each field; `path` prefixes the names."""
    try:
        return TaskRequest.model_validate(fields)
    except ValidationError as error:
        raise InvalidTask(field_errors(error, path)) from None


def prepare(request: TaskRequest, types: TypeFinder, *, path: str = "") -> Submission:
    """Check a request against the rules of its type and fill in the defaults.

    Raises InvalidTask for an unknown type, refused parameters, or a time-out above the type's cap.
    """
    rules = types.find(request.type)
    if rules is None:
        message = f"type {request.type!r} has no handler here and was not declared (POST /task-types)"
        raise InvalidTask([FieldError(f"{path}type", "unknown_type", message)])
    dedup = request.dedup
    return Submission(
        id=new_id(),
        type=request.type,
        queue=request.queue,
        queue_of_type=rules.queue,
        params=_checked_params(rules, request, types, path),
        requirements=dict(request.requirements),
        labels=request.labels,
        priority=request.priority,
        run_at=request.run_at,
        delay_seconds=request.delay_seconds,
        expires_at=request.expires_at,
        expires_seconds=_expires_seconds(rules, request),
        max_retries=rules.max_retries if request.max_retries is None else request.max_retries,
        timeout_seconds=_checked_timeout(rules, request, types.longest_seconds(rules), path),
        dedup_key=dedup.key if dedup else None,
        dedup_ttl_seconds=dedup.ttl_seconds if dedup else None,
        dedup_replace=bool(dedup and dedup.on_conflict == "replace"),
        dedup_reject=bool(dedup and dedup.on_conflict == "reject"),
    )


def prepare_many(
    requests: Sequence[TaskRequest | dict[str, Any]], types: TypeFinder, *, single: bool = False
) -> list[Submission]:
    """Check a batch. Raises InvalidTask with the errors of every bad item.

    Fields are named `tasks.<index>.…`, or just by their names where the caller sent a single task.
    """
    prepared: list[Submission] = []
    refused: list[InvalidTask] = []
    for index, item in enumerate(requests):
        path = "" if single else f"tasks.{index}."
        try:
            request = item if isinstance(item, TaskRequest) else parse_request(item, path=path)
            prepared.append(prepare(request, types, path=path))
        except InvalidTask as error:
            refused.append(error)
    if refused:
        codes = {error.code for error in refused}
        errors = [each for error in refused for each in error.errors]
        raise InvalidTask(errors, codes.pop() if len(codes) == 1 else None)
    return prepared


def _checked_params(rules: TypeRules, request: TaskRequest, types: TypeFinder, path: str) -> Any:
    if isinstance(rules, TaskType):
        if errors := params_errors(rules.params_schema, request.params, f"{path}params"):
            raise InvalidTask(errors)
        return request.params
    try:
        params = rules.params.model_validate(request.params)
    except ValidationError as error:
        raise InvalidTask(_without_secrets(field_errors(error, f"{path}params."), request)) from None
    if rules.validate and (errors := rules.validate(params, types.owner_id)):
        named = [FieldError(f"{path}params.{each.field}", each.code, each.message) for each in errors]
        raise InvalidTask(_without_secrets(named, request), code=named[0].code)
    return _storable_members(params.model_dump(mode="json"), request.params, f"{path}params.")


def _storable_members(params: dict[str, Any], given: dict[str, Any], path: str) -> dict[str, Any]:
    """Raises InvalidTask where a type's own model made something of what was given that jsonb cannot keep.

    A plain `float` takes the text "Infinity".
    """
    errors = []
    for name, value in params.items():
        if name in given and value == given[name]:  # it was checked then, and to compare takes a fifth of the time
            continue
        try:
            storable_json(value)
        except ValueError as error:
            errors.append(FieldError(f"{path}{name}", "not_storable", str(error)))
    if errors:
        raise InvalidTask(errors)
    return params


def _without_secrets(errors: list[FieldError], request: TaskRequest) -> list[FieldError]:
    """A check of the type's own may repeat what it was given."""
    known = secret_values(request.params)
    return [FieldError(each.field, each.code, masked_text(each.message, known)) for each in errors]


def _expires_seconds(rules: TypeRules, request: TaskRequest) -> float | None:
    if request.expires_at is not None:
        return None
    return rules.expires_seconds if request.expires_seconds is None else request.expires_seconds


def _checked_timeout(rules: TypeRules, request: TaskRequest, cap: int, path: str) -> int:
    wanted = request.timeout_seconds
    if wanted is None:
        return min(rules.timeout_seconds, cap)
    if wanted > cap:
        message = f"must be at most {cap} (the longest a task of type {rules.type} may run)"
        raise InvalidTask([FieldError(f"{path}timeout_seconds", "above_limit", message)])
    return wanted
