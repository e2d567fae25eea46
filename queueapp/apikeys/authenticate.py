"""Authentication by key, before the tenant is known: with the owner's rights, at the same cost for every key."""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection

from queueapp.apikeys.key_format import digest_of, prefix_of
from queueapp.db import driver, statements
from queueapp.limits.tenant_limits import TenantLimits, limits_of

NO_DIGEST = "0" * 64
REMEMBERED_SECONDS = 2.0  # so a revoked key stops within this time, in every process
REMEMBERED_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class KnownKey:
    """An authenticated key, and the tenant that it belongs to."""

    id: UUID
    prefix: str
    tenant_id: UUID
    tenant_slug: str
    limits: TenantLimits
    name: str
    role: str
    digest: str
    scopes: list[str]
    capabilities: dict[str, Any]
    usable: bool
    expires_at: datetime | None


_remembered: dict[str, tuple[float, KnownKey | None]] = {}
_noted: dict[UUID, int] = {}


def authenticate_key(key: str) -> KnownKey | None:
    """The key's record if it is genuine, not expired and not revoked. Costs the same whether its prefix exists."""
    prefix = prefix_of(key)
    known = _find(prefix) if prefix else None
    genuine = hmac.compare_digest(digest_of(key), known.digest if known else NO_DIGEST)
    if known is None or not (genuine and known.usable):
        return None
    _note_use(known.id)
    return known


def forget() -> None:
    """Empty what this process remembers of keys."""
    _remembered.clear()
    _noted.clear()


def _find(prefix: str) -> KnownKey | None:
    """From the database, or from what it said a moment ago."""
    read_at, known = _remembered.get(prefix, (float("-inf"), None))
    if time.monotonic() - read_at > REMEMBERED_SECONDS:
        rows = statements.rows("find_api_key", {"prefix": prefix})
        known = _known_key(prefix, rows[0]) if rows else None
        if len(_remembered) >= REMEMBERED_KEYS:
            _remembered.clear()
        _remembered[prefix] = (time.monotonic(), known)
    return known


def _known_key(prefix: str, row: statements.Row) -> KnownKey:
    limits = limits_of(row["tenant_slug"], row.pop("tenant_limits"), row.pop("lowered_limits"))
    return KnownKey(**row, prefix=prefix, limits=limits)


def _note_use(key_id: UUID) -> None:
    minute = int(time.time() // 60)
    if _noted.get(key_id) != minute:
        _noted[key_id] = minute
        try:
            statements.rows("note_api_key_used", {"key_id": key_id})
        except DatabaseError as error:
            if not driver.is_unavailable(error):
                raise
            connection.close()  # reading goes on where the database takes no writes
