"""Performing: one call of a handler, without a task in the database; what its context is told is recorded."""

import json
import time
from contextlib import nullcontext
from contextvars import Context
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from asgiref.sync import async_to_sync

from queueapp.artifacts.service import describe
from queueapp.artifacts.upload_buffer import Content, pieces_of
from queueapp.claiming import Claimed
from queueapp.errors import FieldError, InvalidTask
from queueapp.handlers import Handler, HandlerFunction, find_handler
from queueapp.models.base import new_id
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.leases import log_line
from queueapp.tasks.requests import Submission
from queueapp.tasks.settle import completed
from queueapp.tenancy import bind_tenant_of_context, tenant_scope
from queueapp.worker.context import TaskContext, running


class LogLine(NamedTuple):
    level: str
    message: str
    detail: dict[str, Any]


class Attached(NamedTuple):
    id: UUID
    type: str
    content: bytes
    content_type: str
    metadata: dict[str, Any]


@dataclass
class Performed:
    """What a handler returned, as its task would keep it, and what it told its context."""

    type: str
    result: Any = None
    logs: list[LogLine] = field(default_factory=list)
    progress: dict[str, object] | None = None  # the last: {fraction, message}
    metrics: dict[str, Any] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)  # type, content
    artifacts: list[Attached] = field(default_factory=list)


class Recorder:
    """Stands in for AttemptRecords: the same checks, and nothing written."""

    def __init__(self, performed: Performed) -> None:
        self._performed = performed

    def log(self, message: str, level: str, detail: dict[str, Any]) -> None:
        line = log_line(level, message, detail)
        self._performed.logs.append(LogLine(line.level, line.message, json.loads(line.detail or "{}")))

    def metric(self, name: str, value: Any) -> None:
        self._performed.metrics[name] = value

    def note(self, type: str, content: str) -> None:
        self._performed.notes.append((type, content))

    def attach(self, type: str, content: Content, content_type: str, metadata: dict[str, Any] | None) -> UUID:
        known = describe(type, content_type, metadata)
        kept = Attached(new_id(), known.type, b"".join(pieces_of(content)), known.content_type, known.metadata)
        self._performed.artifacts.append(kept)
        return kept.id


def perform_alone(
    submission: Submission,
    tenant_id: UUID,
    attempt_number: int,
    performed: Performed,
    function: HandlerFunction | None = None,
) -> None:
    """Call the handler of a checked submission, and keep in `performed` what comes of it.

    `function` stands in for the handler's own. Hooks are not passed. A transactional handler runs in a transaction of
    its tenant's scope, as in a worker. Raises what it raises; InvalidTask for a type without a handler here.
    """
    handler = find_handler(submission.type)
    if handler is None:
        raise InvalidTask([FieldError("type", "unknown_type", f"{submission.type} has no handler here")])
    if function is not None:
        handler = replace(handler, function=function)
    Context().run(_call, handler, _attempt(handler, submission, tenant_id, attempt_number), performed)


def _attempt(handler: Handler, submission: Submission, tenant_id: UUID, number: int) -> Attempt:
    claimed = Claimed(
        submission.id,
        tenant_id,
        submission.type,
        submission.queue or submission.queue_of_type,
        submission.params,
        number,
        number - 1,
        submission.max_retries,
        submission.timeout_seconds,
    )
    attempt = Attempt(claimed, new_id(), handler)
    attempt.params = handler.params.model_validate(submission.params)
    attempt.started = time.monotonic()
    return attempt


def _call(handler: Handler, attempt: Attempt, performed: Performed) -> None:
    context = TaskContext(attempt, Recorder(performed))  # type: ignore[arg-type]
    running.set(context)
    bind_tenant_of_context(attempt.task.tenant_id)
    function = async_to_sync(handler.function) if handler.is_async else handler.function
    try:
        # a scope is a transaction
        with tenant_scope(attempt.task.tenant_id) if handler.transactional else nullcontext():
            returned = function(context, attempt.params)
    finally:
        performed.progress = attempt.progress
    outcome = completed(*attempt.key, returned)
    if outcome.result is None:
        raise ValueError(outcome.error_message)
    performed.result = json.loads(outcome.result)
