"""Acceptance: in one transaction valid changes get their place in the order of their keys and a task that applies them.

The order of a key is that of its changes' numbers. A number is drawn while the locks of all keys of the request are
held, and they are held until the commit: a later request for one of the keys draws a later number.
"""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from django.db import connection, transaction

from configapp.changes.validate import ValidChange, Violation
from configapp.encryption import encrypt
from configapp.models import ConfigChange, ConfigSecret, SystemConfig
from queueapp import tasks
from queueapp.models import Tenant
from queueapp.models.tenants import SYSTEM_TENANT_SLUG
from queueapp.tenancy import operator_scope

TASK_TYPE = "config.apply"
MAX_LABELS = 16

# Locked in one order, so that two requests cannot wait for each other: by what is locked, a hash of the name.
LOCK_KEYS_AND_DRAW_NUMBER = """
    SELECT nextval('taskrunner_config_submissions') FROM (
        SELECT count(taskrunner_lock(name))
        FROM (SELECT name FROM unnest(%s::text[]) AS name ORDER BY hashtext(name)) AS sorted
    ) AS locked
"""


class StaleVersions(Exception):
    """A violation for each key that is at another version by now."""

    def __init__(self, by_key: dict[str, Violation]) -> None:
        super().__init__()
        self.by_key = by_key


def accept(valid: Sequence[ValidChange], *, actor: str) -> list[ConfigChange]:
    """Accept all changes, or none. Raises StaleVersions."""
    with operator_scope(actor), transaction.atomic():
        submission = _draw_number([change.key for change in valid])
        stale = _stale(valid)
        if stale:
            raise StaleVersions(stale)
        labels = [change.key for change in valid][:MAX_LABELS]
        task = tasks.submit_internal({"type": TASK_TYPE, "labels": labels}, tenant_id=system_tenant())
        secrets = _store_secrets(valid)
        return list(
            ConfigChange.objects.bulk_create(
                ConfigChange(
                    submission=submission,
                    task_id=task.id,
                    config_key=change.key,
                    action=change.action,
                    value=change.shown,
                    secret_id=secrets.get(change.key, change.secret_id),
                    expected_version=change.expected_version,
                    actor=actor,
                )
                for change in valid
            )
        )


def _draw_number(keys: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_KEYS_AND_DRAW_NUMBER, [[f"config {key}" for key in keys]])
        return int((cursor.fetchone() or (0,))[0])


def _stale(valid: Sequence[ValidChange]) -> dict[str, Violation]:
    """The keys that are not at the expected version any more. Changes that wait may yet move others."""
    expected = {change.key: change.expected_version for change in valid if change.expected_version is not None}
    if not expected:
        return {}
    rows = SystemConfig.objects.filter(config_key__in=expected).values_list("config_key", "version")
    current = dict(rows)
    return {
        key: Violation(
            "expected_version", "version_mismatch", f"{key} is at version {current.get(key, 0)}, not {version}"
        )
        for key, version in expected.items()
        if current.get(key, 0) != version
    }


def _store_secrets(valid: Sequence[ValidChange]) -> dict[str, UUID]:
    rows = {change.key: ConfigSecret(token=encrypt(change.secret)) for change in valid if change.secret is not None}
    ConfigSecret.objects.bulk_create(rows.values())
    return {key: row.id for key, row in rows.items()}


@cache
def system_tenant() -> UUID:
    """The tenant whose task it is. Needs an operator's scope."""
    return Tenant.objects.values_list("id", flat=True).get(slug=SYSTEM_TENANT_SLUG)
