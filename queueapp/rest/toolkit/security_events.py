"""What was refused, kept as SecurityEvents: at most 60 a minute for each key and kind, then summaries."""

from typing import Any
from uuid import UUID

from queueapp.json_values import kept_json
from queueapp.limits import rate_limiter
from queueapp.models import SecurityEvent
from queueapp.redaction import masked
from queueapp.rest.toolkit.permissions import Principal
from queueapp.tenancy import system_scope

EVENTS_PER_MINUTE = 60
SUMMARIES = (1, 10, 100, 1_000, 10_000)  # how many refusals a summary stands for, each written once a minute


def record_failed_authentication(address: str, prefix: str | None, path: str) -> None:
    """The principal limits how often: by address."""
    _write(None, f"unknown:{address}"[:200], "failed_authentication", {"prefix": prefix, "path": path[:200]})


def record_refusal(principal: Principal, event: str, method: str, path: str) -> None:
    """One event; a summary instead when this key has many of them in this minute."""
    who = {"key": principal.key.prefix, "role": principal.key.role}
    what = {"method": method, "path": path[:200]}
    record_sparingly(event, principal.actor, principal.key.prefix, who, what, tenant_id=principal.key.tenant_id)


def record_sparingly(
    event: str, actor: str, counted: str, who: dict[str, Any], what: dict[str, Any], *, tenant_id: UUID | None = None
) -> None:
    """One event; a summary of `who` instead when what is `counted` has many of them in this minute."""
    name = f"{event}:{counted}"
    if rate_limiter.take(name, EVENTS_PER_MINUTE).granted:
        _write(tenant_id, actor, event, {**who, **what})
        return
    suppressed = rate_limiter.take(f"{name}:suppressed", SUMMARIES[-1])
    count = suppressed.limit - suppressed.remaining
    if suppressed.granted and count in SUMMARIES:
        _write(tenant_id, actor, f"{event}_summary", {**who, "not_listed": count})


def _write(tenant_id: UUID | None, actor: str, event: str, detail: dict[str, Any]) -> None:
    """Without secrets: a key that was sent in a path would stand there for ever."""
    kept = masked(kept_json(detail))
    with system_scope("api"):
        SecurityEvent.objects.create(tenant_id=tenant_id, actor=actor[:200], event=event, detail=kept)
