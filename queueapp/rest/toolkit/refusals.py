"""How many requests of a key may be refused in a minute: reading what cannot be used costs as much as accepting."""

import math
import time
from uuid import UUID

from queueapp.limits import rate_limiter
from queueapp.rest.toolkit.errors import RateLimited
from queueapp.rest.toolkit.permissions import Principal

WINDOW_SECONDS = 60
COUNTED = frozenset({400, 411, 413, 415, 422})  # what the client could have known before it sent the request
KEYS_REMEMBERED = 10_000

_locked_until: dict[UUID, float] = {}  # by key, time.monotonic()


def check(principal: Principal) -> None:
    """Before anything of the request is read. Raises RateLimited while the key's last minute was full of refusals."""
    wait = _locked_until.get(principal.key.id, 0.0) - time.monotonic()
    if wait > 0:
        raise RateLimited(
            f"{principal.limits.refusals_per_minute} requests with this key were refused within a minute; mend them,"
            f" and try again in {math.ceil(wait)} s.",
            headers={"Retry-After": str(math.ceil(wait))},
        )


def count(principal: Principal, status: int) -> None:
    """After an answer with this status."""
    limit = principal.limits.refusals_per_minute
    if status not in COUNTED or limit is None:
        return
    allowance = rate_limiter.take(f"refusals:{principal.key.id}", limit, WINDOW_SECONDS)
    if allowance.remaining == 0:
        if len(_locked_until) >= KEYS_REMEMBERED:
            _locked_until.clear()
        _locked_until[principal.key.id] = time.monotonic() + allowance.reset_seconds


def forget() -> None:
    """Let every key try again in this process."""
    _locked_until.clear()
