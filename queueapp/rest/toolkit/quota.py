"""How many submissions of a tenant are accepted in a minute, and the header fields that tell."""

import math
from uuid import UUID

from queueapp.limits import rate_limiter
from queueapp.limits.rate_limiter import Allowance
from queueapp.limits.tenant_limits import TenantLimits
from queueapp.rest.toolkit.errors import RateLimited
from queueapp.rest.toolkit.permissions import Principal

WINDOW_SECONDS = 60


def spend(principal: Principal) -> Allowance | None:
    """Count one submission. Raises RateLimited; None where there is no limit."""
    limit = principal.limits.tasks_per_minute
    if limit is None:
        return None
    allowance = rate_limiter.take(_name(principal.tenant_id), limit, WINDOW_SECONDS)
    if not allowance.granted:
        wait = max(1, math.ceil(allowance.reset_seconds))
        raise RateLimited(
            f"This tenant may submit {limit} times in {allowance.window_seconds} s; try again in {wait} s.",
            headers={"Retry-After": str(wait), **fields(allowance)},
        )
    return allowance


def accepted_lately(tenant_id: UUID, limits: TenantLimits) -> int | None:
    """How many submissions were accepted in the window that ends now; None where they are not limited, nor counted."""
    return None if limits.tasks_per_minute is None else rate_limiter.taken(_name(tenant_id), WINDOW_SECONDS)


def fields(allowance: Allowance | None) -> dict[str, str]:
    """RateLimit and RateLimit-Policy, in the form of the IETF's draft."""
    if allowance is None:
        return {}
    reset = math.ceil(allowance.reset_seconds)
    return {
        "RateLimit-Policy": f'"submissions";q={allowance.limit};w={allowance.window_seconds}',
        "RateLimit": f'"submissions";r={allowance.remaining};t={reset}',
    }


def _name(tenant_id: UUID) -> str:
    return f"submissions:{tenant_id}"
