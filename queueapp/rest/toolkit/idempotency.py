"""Idempotency-Key: a request that is sent again is not carried out again, but answered as the first time.

The key's row commits together with the request's effects, so that a cut connection leaves both or neither.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from pydantic_core import to_jsonable_python
from rest_framework.request import Request

from queueapp.db import statements
from queueapp.errors import FieldError
from queueapp.models import IdempotencyKey
from queueapp.models.base import Now
from queueapp.rest.toolkit.errors import InvalidRequest, KeyReused
from queueapp.rest.toolkit.permissions import Principal

HEADER = "Idempotency-Key"
KEPT_SECONDS = 86_400
# no comma: two such headers arrive as one, joined by it
VALID_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e][\x20-\x2b\x2d-\x7e]{0,254}")


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a request the same as an earlier one."""

    key: str
    digest: str


def key_of(request: Request) -> str | None:
    """None without the header. Raises InvalidRequest for a key that cannot be used."""
    key = request.headers.get(HEADER)
    if key is not None and not VALID_KEY.fullmatch(key):
        message = "must be given once, with 1 to 255 visible ASCII characters and no comma"
        raise InvalidRequest(f"{HEADER} {message}.", errors=[FieldError(HEADER, "bad_key", message)])
    return key


def identity_of(request: Request, content: Any) -> Identity | None:
    """None without the header. `content` is what was sent; of bytes that are not kept, their digest."""
    key = key_of(request)
    if key is None:
        return None
    text = json.dumps([request.method, request.path, content], sort_keys=True)
    return Identity(key, hashlib.sha256(text.encode()).hexdigest())


def begin(principal: Principal, identity: Identity) -> IdempotencyKey | None:
    """The row of an earlier request with this key; None where there was none, and the key is now taken.

    Call it in the principal's own scope. Raises KeyReused where the key belongs to another request.
    """
    if take_key(principal.tenant_id, identity):
        return None
    return _the_same(IdempotencyKey.objects.get(tenant_id=principal.tenant_id, key=identity.key), identity)


def take_key(tenant_id: UUID, identity: Identity) -> bool:
    """Whether the key was free; it is the caller's now, once the transaction commits. Needs a scope."""
    parameters = {"tenant_id": tenant_id, "key": identity.key, "digest": identity.digest}
    return bool(statements.rows("begin_request", {**parameters, "kept_seconds": KEPT_SECONDS}))


def finish(principal: Principal, identity: Identity, body: dict[str, Any], task_id: UUID | None) -> None:
    """Keep the answer for the same request sent again."""
    row = IdempotencyKey.objects.filter(tenant_id=principal.tenant_id, key=identity.key)
    row.update(answer=to_jsonable_python(body), task_id=task_id)


@dataclass(slots=True)
class Execution:
    """A request that is carried out: what to answer, this time and whenever it is sent again; or what was answered."""

    answer: dict[str, Any] = field(default_factory=dict)
    task_id: UUID | None = None
    is_replay: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {"Idempotent-Replayed": "true"} if self.is_replay else {}


@contextmanager
def execution(principal: Principal, identity: Identity | None) -> Iterator[Execution]:
    """Carry the request out inside, unless it is a replay, and leave the answer.

    With a key all of it is one transaction, in which the work opens its own scopes. Raises KeyReused.
    """
    if identity is None:
        yield Execution()
        return
    with transaction.atomic():
        with principal.own_scope():
            earlier = begin(principal, identity)
        if earlier is not None:
            yield _replay(earlier)
            return
        new = Execution()
        yield new
        with principal.own_scope():
            finish(principal, identity, new.answer, new.task_id)


def find_replay(principal: Principal, identity: Identity | None) -> Execution | None:
    """As it was carried out before: saves work, but decides nothing, since it may be under way. Raises KeyReused."""
    if identity is None:
        return None
    with principal.own_scope():
        rows = IdempotencyKey.objects.filter(tenant_id=principal.tenant_id, key=identity.key, expires_at__gte=Now())
        earlier = rows.first()
    return _replay(_the_same(earlier, identity)) if earlier else None


def _replay(earlier: IdempotencyKey) -> Execution:
    return Execution(earlier.answer, earlier.task_id, is_replay=True)


def _the_same(earlier: IdempotencyKey, identity: Identity) -> IdempotencyKey:
    if earlier.digest != identity.digest:
        raise KeyReused(f"This {HEADER} was used for another request; send a new one with a new request.")
    return earlier
