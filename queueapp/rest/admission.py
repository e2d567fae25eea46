"""Accepting work: once for each Idempotency-Key, within the tenant's limit, and all in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework.response import Response

from queueapp.errors import FieldError, InvalidTask
from queueapp.limits import rate_limiter
from queueapp.limits.rate_limiter import Allowance
from queueapp.rest.toolkit import quota
from queueapp.rest.toolkit.idempotency import Identity, begin, finish
from queueapp.rest.toolkit.permissions import Principal
from queueapp.type_patterns import type_matches


@dataclass(frozen=True, slots=True)
class Answer:
    """What was accepted, now or the first time; `task_id` where it is a single task."""

    body: dict[str, Any]
    task_id: UUID | None
    replayed: bool = False
    allowance: Allowance | None = None

    def response(self) -> Response:
        headers = quota.fields(self.allowance)
        if self.replayed:
            headers["Idempotent-Replayed"] = "true"
        if self.task_id is not None:
            headers["Location"] = f"/api/v1/tasks/{self.task_id}"
        return Response(self.body, status=202, headers=headers)


def accept(
    principal: Principal, identity: Identity | None, work: Callable[[], tuple[dict[str, Any], UUID | None]]
) -> Answer:
    """Do the work, which returns the answer's body and the task's id, unless it was done before.

    What is refused, by the work or by the database, counts nothing. Raises RateLimited, KeyReused, and what
    the work raises.
    """
    allowance = None
    try:
        # a single task without a key is a transaction of one message, which needs no other around it
        with principal.own_scope() if identity else principal.binding():
            if identity and (earlier := begin(principal, identity)) is not None:
                return Answer(earlier.answer, earlier.task_id, replayed=True)
            allowance = quota.spend(principal)
            body, task_id = work()
            if identity:
                finish(principal, identity, body, task_id)
    except BaseException:
        if allowance is not None:
            rate_limiter.give_back(allowance)
        raise
    return Answer(body, task_id, allowance=allowance)


def check_allowed(principal: Principal, types: list[Any], *, path: str = "tasks.{}.type") -> None:
    """Raises InvalidTask for types that the tenant may not submit (its limit `allowed_types`, a list of patterns)."""
    patterns = principal.limits.allowed_types
    message = f"is not among the types that this tenant may submit: {', '.join(patterns) or 'none'}"
    errors = [
        FieldError(path.format(index), "type_not_allowed", message)
        for index, type in enumerate(types)
        if isinstance(type, str) and not any(type_matches(type, pattern) for pattern in patterns)
    ]
    if errors:
        raise InvalidTask(errors)
