"""What was refused, kept as SecurityEvents: at most 60 a minute for each key and kind, then summaries."""

from typing import Any

from queueapp.limits import rate_limiter
from queueapp.models import SecurityEvent
from queueapp.rest.toolkit.permissions import Caller
from queueapp.tenancy import system_scope

EVENTS_PER_MINUTE = 60
SUMMARIES = (1, 10, 100, 1_000, 10_000)  # how many refusals a summary stands for, each written once a minute


def record_failed_authentication(address: str, prefix: str | None, path: str) -> None:
    """The caller limits how often: by address."""
    _write(None, f"unknown:{address}"[:200], "failed_authentication", {"prefix": prefix, "path": path[:200]})


def record_refusal(caller: Caller, event: str, method: str, path: str) -> None:
    """One event; a summary instead when this key has many of them in this minute."""
    name = f"{event}:{caller.key.prefix}"
    detail = {"key": caller.key.prefix, "role": caller.key.role}
    if rate_limiter.take(name, EVENTS_PER_MINUTE).granted:
        _write(caller, caller.actor, event, {**detail, "method": method, "path": path[:200]})
        return
    suppressed = rate_limiter.take(f"{name}:suppressed", SUMMARIES[-1])
    count = suppressed.limit - suppressed.remaining
    if suppressed.granted and count in SUMMARIES:
        _write(caller, caller.actor, f"{event}_summary", {**detail, "not_listed": count})


def _write(caller: Caller | None, actor: str, event: str, detail: dict[str, Any]) -> None:
    with system_scope("api"):
        SecurityEvent.objects.create(
            tenant_id=caller.key.tenant_id if caller else None, actor=actor[:200], event=event, detail=detail
        )
