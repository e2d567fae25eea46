"""What people decide about errors: ignored, resolved, open again. Each act is on record, in the same transaction.

Call them in a scope, with the groups of one fingerprint: those of one tenant, or an operator's of several.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from queueapp.models import ErrorGroup
from queueapp.models.base import Now
from queueapp.operators.acts import record_act
from queueapp.redaction import masked_text
from queueapp.tenancy import current_scope

State = ErrorGroup.State


def locked(fingerprint: str, tenant_id: UUID | None = None) -> list[ErrorGroup]:
    """The groups of a fingerprint that the scope shows, or those of a tenant, once nobody counts or changes them."""
    groups = ErrorGroup.objects.filter(fingerprint=fingerprint)
    if tenant_id is not None:
        groups = groups.filter(tenant_id=tenant_id)
    return list(groups.order_by("id").select_for_update())


def ignore(groups: Sequence[ErrorGroup], *, more: int | None = None, note: str = "") -> None:
    """Count on in silence: for ever, or until so many `more` failures came, in each tenant's group."""
    until = None if more is None else F("failures") + more
    _change(groups, "ignore", State.IGNORED, note, {"more": more}, ignored_until=until)


def resolve(groups: Sequence[ErrorGroup], *, release: str = "", note: str = "") -> None:
    """It is mended, in the release named, if one is. Open again once it is seen in any release but the one it was last
    seen in; where releases have no names, once it is seen at all."""
    _change(groups, "resolve", State.RESOLVED, note, {"release": release}, resolved_in=release)


def reopen(groups: Sequence[ErrorGroup], *, note: str = "") -> None:
    """Neither ignored nor resolved any more."""
    _change(groups, "reopen", State.OPEN, note, {})


def _change(
    groups: Sequence[ErrorGroup], verb: str, state: State, note: str, detail: dict[str, Any], **values: Any
) -> None:
    scope = current_scope()
    values = {"ignored_until": None, "resolved_in": "", **values, "note": masked_text(note)}
    rows = ErrorGroup.objects.filter(id__in=[group.id for group in groups])
    rows.update(state=state, changed_by=scope.actor if scope else "", changed_at=Now(), **values)
    given = {name: value for name, value in {**detail, "note": note}.items() if value}
    for group in groups:
        record_act(group.tenant_id, f"error.{verb}", group.fingerprint, title=group.title, **given)
