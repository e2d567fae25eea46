"""What was refused, kept as SecurityEvents: at most 60 a minute for each key and kind, then summaries."""

from typing import Any

from queueapp.limits import rate_limiter
from queueapp.models import SecurityEvent
from queueapp.rest.toolkit.permissions import Principal
from queueapp.tenancy import system_scope

EVENTS_PER_MINUTE = 60
SUMMARIES = (1, 10, 100, 1_000, 10_000)  # how many refusals a summary stands for, each written once a minute


def record_failed_authentication(address: str, prefix: str | None, path: str) -> None:
    """The principal limits how often: by address."""
    _write(None, f"unknown:{address}"[:200], "failed_authentication", {"prefix": prefix, "path": path[:200]})


def record_refusal(principal: Principal, event: str, method: str, path: str) -> None:
    """One event; a summary instead when this key has many of them in this minute."""
    name = f"{event}:{principal.key.prefix}"
    detail = {"key": principal.key.prefix, "role": principal.key.role}
    if rate_limiter.take(name, EVENTS_PER_MINUTE).granted:
        _write(principal, principal.actor, event, {**detail, "method": method, "path": path[:200]})
        return
    suppressed = rate_limiter.take(f"{name}:suppressed", SUMMARIES[-1])
    count = suppressed.limit - suppressed.remaining
    if suppressed.granted and count in SUMMARIES:
        _write(principal, principal.actor, f"{event}_summary", {**detail, "not_listed": count})


def _write(principal: Principal | None, actor: str, event: str, detail: dict[str, Any]) -> None:
    with system_scope("api"):
        SecurityEvent.objects.create(
            tenant_id=principal.key.tenant_id if principal else None, actor=actor[:200], event=event, detail=detail
        )
