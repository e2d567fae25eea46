"""Submit: check everything, then accept all of it with one task, or nothing; either way with a record."""

from collections.abc import Sequence
from contextlib import suppress

from django.db import DatabaseError

from configapp import audit
from configapp.changes.accept import accept
from configapp.changes.validate import Draft, Fault, Wanted, draft_all
from configapp.errors import ChangeRefused, VersionMismatch
from configapp.keyspec import Value
from configapp.models import ConfigChange
from configapp.models.changes import Action
from configapp.values import decode
from queueapp.errors import FieldError
from queueapp.tenancy import operator_scope

OTHERS_REFUSED = Fault("", "others_refused", "Another change of the same request was refused.")


def submit_change(key: str, value: object, *, actor: str, expected_version: int | None = None) -> ConfigChange:
    """Ask for a new value. Returns the accepted change; its task brings it, usually within milliseconds.

    `actor` is a person, e.g. `operator:alice`. Raises ChangeRefused, or VersionMismatch where the key is not at
    `expected_version`; both leave a row in config_audit.
    """
    return submit_changes([Wanted(key, value, expected_version=expected_version)], actor=actor)[0]


def unset(key: str, *, actor: str, expected_version: int | None = None) -> ConfigChange:
    """Ask for the default again; the history stays. Returns and raises as submit_change."""
    return submit_changes([Wanted(key, action=Action.UNSET, expected_version=expected_version)], actor=actor)[0]


def roll_back(key: str, version: int, *, actor: str, expected_version: int | None = None) -> ConfigChange:
    """Ask for what an earlier version said, as a new version. Returns and raises as submit_change."""
    wanted = Wanted(key, action=Action.ROLLBACK, to_version=version, expected_version=expected_version)
    return submit_changes([wanted], actor=actor)[0]


def submit_changes(wanted: Sequence[Wanted], *, actor: str) -> list[ConfigChange]:
    """Ask for several changes, all or none. Returns the accepted ones in the order of the request.

    They share one task and are applied in one transaction. The errors of ChangeRefused name every bad item as
    `<index>.<field>`, or just `<field>` where a single one was asked for.
    """
    if not wanted:
        return []
    with operator_scope(actor):
        drafted = draft_all(wanted)
    drafts = [item for item in drafted if isinstance(item, Draft)]
    if len(drafts) < len(drafted):
        faults = [item if isinstance(item, Fault) else None for item in drafted]
        raise _refuse(wanted, faults, actor, ChangeRefused)
    try:
        accepted = accept(drafts, actor=actor)
    except DatabaseError as error:
        with suppress(DatabaseError):  # where it is away no record can be kept, and the caller hears of it in any case
            fault = Fault("", "not_stored", f"The database did not store it: {type(error).__name__}.")
            _record(wanted, [fault] * len(wanted), actor)
        raise
    if not any(isinstance(item, Fault) for item in accepted):
        return [item for item in accepted if isinstance(item, ConfigChange)]
    raise _refuse(wanted, [item if isinstance(item, Fault) else None for item in accepted], actor, VersionMismatch)


def dry_run(key: str, value: object, *, actor: str) -> Value | None:
    """What would be stored, as far as it may be shown. Raises ChangeRefused; leaves no record."""
    with operator_scope(actor):
        (drafted,) = draft_all([Wanted(key, value)])
    if isinstance(drafted, Fault):
        raise ChangeRefused([FieldError(drafted.field, drafted.code, drafted.message)])
    return decode(drafted.shown)


def _refuse(
    wanted: Sequence[Wanted], faults: Sequence[Fault | None], actor: str, refusal: type[ChangeRefused]
) -> ChangeRefused:
    """Record the refusal of every item, and return the error to raise."""
    _record(wanted, [fault or OTHERS_REFUSED for fault in faults], actor)
    prefixes = [f"{index}." if len(wanted) > 1 else "" for index in range(len(wanted))]
    return refusal(
        [
            FieldError(prefix + fault.field, fault.code, fault.message)
            for prefix, fault in zip(prefixes, faults, strict=True)
            if fault
        ]
    )


def _record(wanted: Sequence[Wanted], faults: Sequence[Fault], actor: str) -> None:
    with operator_scope(actor):
        audit.write(
            audit.refused(actor, item.key, item.action, fault.code, fault.message)
            for item, fault in zip(wanted, faults, strict=True)
        )
