"""How many submissions of a tenant are accepted in a minute, and the header fields that tell."""

import math
from typing import Any

from django.conf import settings

from queueapp import limits
from queueapp.api.access import Caller
from queueapp.api.errors import RateLimited
from queueapp.limits import Allowance
from queueapp.models.tenants import SYSTEM_TENANT_SLUG


def tasks_per_minute(caller: Caller) -> int | None:
    """None where there is no limit."""
    if caller.tenant_slug == SYSTEM_TENANT_SLUG:
        return None
    limit: Any = caller.tenant_limits.get("tasks_per_minute", settings.TASKS_PER_MINUTE)
    return None if limit is None else int(limit)


def spend(caller: Caller) -> Allowance | None:
    """Count one submission. Raises RateLimited; None where there is no limit."""
    limit = tasks_per_minute(caller)
    if limit is None:
        return None
    allowance = limits.take(f"submissions:{caller.tenant_id}", limit)
    if not allowance.granted:
        wait = max(1, math.ceil(allowance.reset_seconds))
        raise RateLimited(
            f"This tenant may submit {limit} times in {allowance.window_seconds} s; try again in {wait} s.",
            headers={"Retry-After": str(wait), **fields(allowance)},
        )
    return allowance


def fields(allowance: Allowance | None) -> dict[str, str]:
    """RateLimit and RateLimit-Policy, in the form of the IETF's draft."""
    if allowance is None:
        return {}
    reset = math.ceil(allowance.reset_seconds)
    return {
        "RateLimit-Policy": f'"submissions";q={allowance.limit};w={allowance.window_seconds}',
        "RateLimit": f'"submissions";r={allowance.remaining};t={reset}',
    }
