"""Submit: check everything, then accept all of it with one task, or nothing; either way with a record."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from django.db import DatabaseError

from configapp import audit
from configapp.changes.accept import StaleVersions, accept
from configapp.changes.validate import ChangeRequest, ValidChange, Violation, validate_all
from configapp.errors import ChangeRefused, VersionMismatch
from configapp.keyspec import Value
from configapp.models import ConfigChange
from configapp.models.changes import Action
from configapp.values import decode
from queueapp.errors import FieldError
from queueapp.tenancy import operator_scope

Accept = Callable[[], list[ConfigChange]]

OTHERS_REFUSED = Violation("", "others_refused", "Another change of the same request was refused.")


def submit_change(key: str, value: object, *, actor: str, expected_version: int | None = None) -> ConfigChange:
    """Ask for a new value. Returns the accepted change; its task applies it, usually within milliseconds.

    `actor` is a person, e.g. `operator:alice`. Raises ChangeRefused, or VersionMismatch where the key is not at
    `expected_version`; both leave a row in config_audit.
    """
    return submit_changes([ChangeRequest(key, value, expected_version=expected_version)], actor=actor)[0]


def unset(key: str, *, actor: str, expected_version: int | None = None) -> ConfigChange:
    """Ask for the default again; the history stays. Returns and raises as submit_change."""
    return submit_changes([ChangeRequest(key, action=Action.UNSET, expected_version=expected_version)], actor=actor)[0]


def roll_back(key: str, version: int, *, actor: str, expected_version: int | None = None) -> ConfigChange:
    """Ask for what an earlier version said, as a new version. Returns and raises as submit_change."""
    request = ChangeRequest(key, action=Action.ROLLBACK, to_version=version, expected_version=expected_version)
    return submit_changes([request], actor=actor)[0]


def submit_changes(
    requests: Sequence[ChangeRequest],
    *,
    actor: str,
    carry_out: Callable[[Accept], list[ConfigChange]] = lambda it: it(),
) -> list[ConfigChange]:
    """Ask for several changes, all or none. Returns the accepted ones in the order of the request.

    They share one task and are applied in one transaction. The errors of ChangeRefused name every bad item as
    `<index>.<field>`, or just `<field>` where a single one was asked for. `carry_out` calls what accepts the valid
    changes, and may have a transaction around it; records of refusals are written after that.
    """
    if not requests:
        return []
    with operator_scope(actor):
        results = validate_all(requests)
    valid = [item for item in results if isinstance(item, ValidChange)]
    if len(valid) < len(results):
        raise _refuse(requests, results, actor, ChangeRefused)
    try:
        return carry_out(partial(accept, valid, actor=actor))
    except StaleVersions as stale:
        raise _refuse(requests, [stale.by_key.get(each.key) for each in requests], actor, VersionMismatch) from None
    except DatabaseError as error:
        with suppress(DatabaseError):  # without a database there is no audit row, and the caller gets the error anyway
            violation = Violation("", "not_stored", f"The database did not store it: {type(error).__name__}.")
            _record(requests, [violation] * len(requests), actor)
        raise


def dry_run(key: str, value: object, *, actor: str) -> Value | None:
    """What would be stored, as far as it may be shown. Raises ChangeRefused; leaves no record."""
    with operator_scope(actor):
        (result,) = validate_all([ChangeRequest(key, value)])
    if isinstance(result, Violation):
        raise ChangeRefused([FieldError(result.field, result.code, result.message)])
    return decode(result.shown)


def _refuse(
    requests: Sequence[ChangeRequest], results: Sequence[object], actor: str, refusal: type[ChangeRefused]
) -> ChangeRefused:
    """Record the refusal of every request, and return the error to raise; `results` holds the violations."""
    violations = [item if isinstance(item, Violation) else None for item in results]
    _record(requests, [violation or OTHERS_REFUSED for violation in violations], actor)
    prefixes = [f"{index}." if len(requests) > 1 else "" for index in range(len(requests))]
    return refusal(
        [
            FieldError(prefix + violation.field, violation.code, violation.message)
            for prefix, violation in zip(prefixes, violations, strict=True)
            if violation
        ]
    )


def _record(requests: Sequence[ChangeRequest], violations: Sequence[Violation], actor: str) -> None:
    with operator_scope(actor):
        audit.write(
            audit.refused(actor, request.key, request.action, violation.code, violation.message)
            for request, violation in zip(requests, violations, strict=True)
        )
