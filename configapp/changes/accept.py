"""Accept: give drafts their place in the order of their keys, and a task that brings them, in one transaction.

The order of a key is that of its changes' numbers. A number is drawn while the locks of all keys of the request are
held, and they are held until the commit: whoever comes later for one of the keys draws later.
"""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from django.db import connection, transaction

from configapp.changes.validate import Draft, Fault
from configapp.encryption import encrypt
from configapp.models import ConfigChange, ConfigSecret, SystemConfig
from queueapp import tasks
from queueapp.models import Tenant
from queueapp.models.tenants import SYSTEM_TENANT_SLUG
from queueapp.tenancy import operator_scope

TASK_TYPE = "config.apply"
MAX_LABELS = 16

# Locked in one order, so that two requests cannot wait for each other; 31402 keeps these locks apart from others.
LOCK_KEYS_AND_DRAW_NUMBER = """
    SELECT nextval('taskrunner_config_submissions') FROM (
        SELECT count(pg_advisory_xact_lock(31402, lock))
        FROM (SELECT hashtext(key) AS lock FROM unnest(%s::text[]) AS key ORDER BY 1) AS sorted
    ) AS locked
"""


def accept(drafts: Sequence[Draft], *, actor: str) -> list[ConfigChange | Fault]:
    """Accept all drafts, or none: then there is a fault among the answers, for each key that has moved on."""
    with operator_scope(actor), transaction.atomic():
        submission = _take_place([draft.key for draft in drafts])
        stale = _stale(drafts)
        if stale:
            return [stale[draft.key] for draft in drafts if draft.key in stale]
        task = tasks.submit(TASK_TYPE, tenant_id=system_tenant(), labels=[draft.key for draft in drafts][:MAX_LABELS])
        secrets = _store_secrets(drafts)
        return list(
            ConfigChange.objects.bulk_create(
                ConfigChange(
                    submission=submission,
                    task_id=task.id,
                    config_key=draft.key,
                    action=draft.action,
                    value=draft.shown,
                    secret_id=secrets.get(draft.key, draft.secret_id),
                    expected_version=draft.expected_version,
                    actor=actor,
                )
                for draft in drafts
            )
        )


def _take_place(keys: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_KEYS_AND_DRAW_NUMBER, [keys])
        return int((cursor.fetchone() or (0,))[0])


def _stale(drafts: Sequence[Draft]) -> dict[str, Fault]:
    """The keys that are known by now not to be at the version expected. Those that wait may yet change others."""
    expected = {draft.key: draft.expected_version for draft in drafts if draft.expected_version is not None}
    if not expected:
        return {}
    rows = SystemConfig.objects.filter(config_key__in=expected).values_list("config_key", "version")
    current = dict(rows)
    return {
        key: Fault("expected_version", "version_mismatch", f"{key} is at version {current.get(key, 0)}, not {version}")
        for key, version in expected.items()
        if current.get(key, 0) != version
    }


def _store_secrets(drafts: Sequence[Draft]) -> dict[str, UUID]:
    rows = {draft.key: ConfigSecret(token=encrypt(draft.secret)) for draft in drafts if draft.secret is not None}
    ConfigSecret.objects.bulk_create(rows.values())
    return {key: row.id for key, row in rows.items()}


@cache
def system_tenant() -> UUID:
    """The tenant whose task it is. Needs an operator's scope."""
    return Tenant.objects.values_list("id", flat=True).get(slug=SYSTEM_TENANT_SLUG)
