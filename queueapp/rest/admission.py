"""Admission of work: once for each Idempotency-Key, within the tenant's limit, and all in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.errors import FieldError, InvalidTask
from queueapp.limits import rate_limiter
from queueapp.limits.rate_limiter import Allowance
from queueapp.rest.toolkit import quota
from queueapp.rest.toolkit.idempotency import begin, finish, identity_of
from queueapp.rest.toolkit.mount import api_root
from queueapp.rest.toolkit.permissions import Principal


@dataclass(slots=True)
class Admission:
    """What a request was accepted for, now or the first time; `task_id` where that is a single task."""

    body: Any = None
    task_id: UUID | None = None
    replayed: bool = False
    allowance: Allowance | None = None

    def accept(self, body: Any, task_id: UUID | None = None) -> None:
        self.body, self.task_id = body, task_id

    def response(self, request: Request) -> Response:
        headers = quota.fields(self.allowance)
        if self.replayed:
            headers["Idempotent-Replayed"] = "true"
        if self.task_id is not None:
            headers["Location"] = f"{api_root(request)}/tasks/{self.task_id}"
        return Response(self.body, status=202, headers=headers)


@contextmanager
def admission(request: Request, principal: Principal) -> Iterator[Admission]:
    """Do the work inside, and accept it, unless the admission says that it is `replayed`.

    What is refused, inside or by the database, is undone and counts nothing. Raises RateLimited, KeyReused.
    """
    identity, admitted = identity_of(request, request.data), Admission()
    try:
        # a single task without a key is a transaction of one message, which needs no other around it
        with principal.own_scope() if identity else principal.binding():
            if identity and (earlier := begin(principal, identity)) is not None:
                admitted.accept(earlier.answer, earlier.task_id)
                admitted.replayed = True
                yield admitted
                return
            admitted.allowance = quota.spend(principal)
            yield admitted
            if identity:
                finish(principal, identity, admitted.body, admitted.task_id)
    except BaseException:
        if admitted.allowance is not None:
            rate_limiter.give_back(admitted.allowance)
        raise


def check_allowed(principal: Principal, types: list[Any], *, path: str = "tasks.{}.type") -> None:
    """Raises InvalidTask for types that the tenant may not submit (its limit `allowed_types`, a list of patterns)."""
    patterns = principal.limits.allowed_types
    message = f"is not among the types that this tenant may submit: {', '.join(patterns) or 'none'}"
    errors = [
        FieldError(path.format(index), "type_not_allowed", message)
        for index, type in enumerate(types)
        if isinstance(type, str) and not principal.limits.allows(type)
    ]
    if errors:
        raise InvalidTask(errors)
