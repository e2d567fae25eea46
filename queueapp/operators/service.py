"""What operators do to queues and tenants, each act with its row in operator_actions.

The row is written in the same transaction, so nothing changes without its record. Most run in an operator's scope; what
a tenant's administrator may do as well says so.
"""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.functions import Coalesce
from pydantic import ValidationError

from queueapp import conf
from queueapp.errors import FieldError, InvalidValue, QueueNotFound, ScopeError
from queueapp.limits.tenant_limits import TenantLimits, limits_model, limits_of, numbers_in, own_values
from queueapp.models import OperatorAction, Queue, Tenant
from queueapp.models.base import Now
from queueapp.models.tenants import RESERVED_SLUGS
from queueapp.operators.acts import record_act
from queueapp.operators.pauses import PauseTerms
from queueapp.redaction import masked, masked_text
from queueapp.redis import notifier
from queueapp.tenancy import current_scope
from queueapp.tenancy.roles import Role
from queueapp.validation import field_errors

QUEUE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
TENANT_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


def pause_queue(name: str, reason: str = "", until: datetime | str | None = None) -> None:
    """Stop workers from starting tasks of a queue; what runs goes on. It ends by itself at `until`, if there is one.

    A queue that is paused already stays so, with this reason and this end instead of those it had.
    It holds everywhere when the transaction has committed and `pauses.await_pause` has returned.
    Raises QueueNotFound, and InvalidValue for a reason of more than 500 characters or an end that is not ahead.
    """
    terms = _pause_terms(reason, until)
    why = masked_text(terms.reason)
    paused_at = Coalesce("paused_at", Now())
    _change(name, paused_at=paused_at, paused_by=require_operator(), pause_reason=why, paused_until=terms.until)
    record("queue.pause", name, **terms.model_dump(mode="json", exclude_defaults=True))


def resume_queue(name: str) -> None:
    """Let workers claim of a queue again, and tell them. Raises QueueNotFound."""
    _change(name, paused_at=None)
    record("queue.resume", name)
    notifier.notify_on_commit([name])


def end_pauses() -> list[str]:
    """Resume the queues whose pauses have reached their end; returns their names. For maintenance."""
    over = Queue.objects.filter(paused_until__lte=Now())
    ended = [
        name
        for name in over.values_list("name", flat=True)
        # looked at again: somebody may have prolonged the pause meanwhile
        if over.filter(name=name).update(paused_at=None)
    ]
    for name in ended:
        record("queue.resume", name, reason="its pause has reached its end")
    notifier.notify_on_commit(ended)
    return ended


def set_strategy(name: str, strategy: str) -> None:
    """Change the order in which a queue's tasks are claimed. Raises InvalidValue or QueueNotFound."""
    if strategy not in Queue.Strategy.values:
        known = ", ".join(Queue.Strategy.values)
        raise InvalidValue([FieldError("strategy", "unknown_strategy", f"must be one of {known}; got {strategy!r}")])
    _change(name, strategy=strategy)
    record("queue.strategy", name, strategy=strategy)


def add_queue(name: str) -> Queue:
    """Raises InvalidValue for a name that is invalid or taken."""
    if not QUEUE_NAME.fullmatch(name):
        form = "must be 1–64 small letters, digits, `_`, `.` or `-`, the first a letter or digit"
        raise InvalidValue([FieldError("name", "bad_name", f"{form}; got {name!r}")])
    require_operator()
    queue, added = Queue.objects.get_or_create(name=name)
    if not added:
        raise InvalidValue([FieldError("name", "taken", f"there is a queue {name!r} already")])
    record("queue.add", name)
    return queue


def create_tenant(slug: str, name: str = "") -> Tenant:
    """The name defaults to the slug. Raises InvalidValue for a slug that is invalid or taken, and in `single`."""
    if not TENANT_SLUG.fullmatch(slug):
        form = "must be 1–50 small letters, digits or `-`, the first a letter or digit"
        raise InvalidValue([FieldError("slug", "bad_slug", f"{form}; got {slug!r}")])
    if slug in RESERVED_SLUGS:
        raise InvalidValue([FieldError("slug", "reserved", f"an address of the platform begins with {slug!r}")])
    if len(name) > 200:
        raise InvalidValue([FieldError("name", "too_long", "must be at most 200 characters")])
    require_operator()
    if conf.settings.isolation == "single":
        hint = "in the isolation level `single` there is one tenant; `manage.py isolate rls` makes room for more"
        raise InvalidValue([FieldError("slug", "one_tenant", hint)])
    tenant, created = Tenant.objects.get_or_create(slug=slug, defaults={"name": name or slug})
    if not created:
        raise InvalidValue([FieldError("slug", "taken", f"there is a tenant {slug!r} already")])
    record_act(tenant.id, "tenant.create", slug, name=tenant.name)
    return tenant


def set_limits(slug: str, limits: dict[str, Any]) -> TenantLimits:
    """Replace a tenant's own limits; returns what holds for it from now on, in a running process after two seconds.

    Raises InvalidValue for an unknown tenant, and naming each limit that is unknown or refused.
    """
    require_operator()
    try:
        values = own_values(limits_model().model_validate(limits, strict=True))
    except ValidationError as error:
        raise InvalidValue(field_errors(error)) from None
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise InvalidValue([FieldError("slug", "unknown_tenant", f"there is no tenant {slug!r}")])
    Tenant.objects.filter(id=tenant.id).update(limits=values)
    record_act(tenant.id, "tenant.change", slug, values={"limits": values})
    return limits_of(slug, values, tenant.lowered_limits)


def lower_limits(tenant: Tenant, numbers: dict[str, int]) -> None:
    """Replace the limits that a tenant keeps below the platform's. For an administrator's scope, or an operator's.

    Raises InvalidValue naming each that is no limit in numbers, out of its range, or above what the platform allows.
    """
    require_administrator(tenant.id)
    try:
        values = own_values(limits_model().model_validate(numbers, strict=True))
    except ValidationError as error:
        raise InvalidValue(field_errors(error)) from None
    platform = numbers_in(limits_of(tenant.slug, tenant.limits))
    if errors := [
        FieldError(name, "above_the_platform_s", f"must be at most {most:,}, which the platform allows")
        for name, value in values.items()
        if (most := platform.get(name, -1)) is not None and value > most
    ]:
        raise InvalidValue(errors)
    Tenant.objects.filter(id=tenant.id).update(lowered_limits=values)
    record_act(tenant.id, "tenant.lower_limits", tenant.slug, limits=values)


def record(action: str, target: str, **detail: Any) -> None:
    """Note what the scope's actor did to the platform, without secrets. Raises ScopeError outside an operator's scope.

    What is done to a tenant's own things is recorded by operators.acts.record_act, so that the tenant reads it too.
    """
    OperatorAction.objects.create(
        actor=require_operator(), action=action, target=masked_text(target), detail=masked(detail)
    )


def _pause_terms(reason: str, until: datetime | str | None) -> PauseTerms:
    try:
        return PauseTerms.model_validate({"reason": reason, "until": until})
    except ValidationError as error:
        raise InvalidValue(field_errors(error)) from None


def _change(name: str, **values: Any) -> None:
    require_operator()
    if not Queue.objects.filter(name=name).update(**values):
        raise QueueNotFound(name, sorted(Queue.objects.values_list("name", flat=True)))


def require_operator() -> str:
    scope = current_scope()
    if scope is None or scope.role is not Role.OPERATOR:
        raise ScopeError("This is an operator's doing: open `with operator_scope(actor):` around this call.")
    return scope.actor


def require_administrator(tenant_id: UUID) -> None:
    """Raises ScopeError outside a scope that administers this tenant; an operator's administers every tenant."""
    scope = current_scope()
    if scope is None or not ((scope.administers and scope.tenant_id == tenant_id) or scope.role is Role.OPERATOR):
        raise ScopeError("This is an administrator's doing: open `with operator_scope(actor):` around this call.")
