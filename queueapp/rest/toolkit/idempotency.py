"""Idempotency-Key: a request that is sent again is not carried out again, but answered as the first time.

The key's row commits together with the request's effects, so that a cut connection leaves both or neither.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from rest_framework.request import Request

from queueapp.db import statements
from queueapp.errors import FieldError
from queueapp.models import IdempotencyKey
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


def identity_of(request: Request) -> Identity | None:
    """None without the header. Raises InvalidRequest for a key that cannot be used."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not VALID_KEY.fullmatch(key):
        message = "must be given once, with 1 to 255 visible ASCII characters and no comma"
        raise InvalidRequest(f"{HEADER} {message}.", errors=[FieldError(HEADER, "bad_key", message)])
    content = json.dumps([request.method, request.path, request.data], sort_keys=True)
    return Identity(key, hashlib.sha256(content.encode()).hexdigest())


def begin(principal: Principal, identity: Identity) -> IdempotencyKey | None:
    """The row of an earlier request with this key; None where there was none, and the key is now taken.

    Call it in the principal's own scope. Raises KeyReused where the key belongs to another request.
    """
    parameters = {"tenant_id": principal.tenant_id, "kept_seconds": KEPT_SECONDS}
    if statements.rows("begin_request", {**parameters, "key": identity.key, "digest": identity.digest}):
        return None
    earlier = IdempotencyKey.objects.get(tenant_id=principal.tenant_id, key=identity.key)
    if earlier.digest != identity.digest:
        raise KeyReused(f"This {HEADER} was used for another request; send a new one with a new request.")
    return earlier


def finish(principal: Principal, identity: Identity, body: dict[str, Any], task_id: UUID | None) -> None:
    """Keep the answer for the same request sent again."""
    row = IdempotencyKey.objects.filter(tenant_id=principal.tenant_id, key=identity.key)
    row.update(answer=to_jsonable_python(body), task_id=task_id)
