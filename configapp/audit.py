"""Rows of config_audit: one for each key of each change that was applied, failed or refused, never with a secret."""

import logging
from collections.abc import Iterable

from configapp.models import ConfigAudit, ConfigChange
from queueapp.json_values import storable_text
from queueapp.redaction import masked_text

logger = logging.getLogger(__name__)

MAX_KEY_CHARACTERS = 100
EVENTS: dict[str, str] = {
    ConfigAudit.Status.FAILURE: "config_change_failure",
    ConfigAudit.Status.REFUSED: "config_change_refused",
}


def of_change(change: ConfigChange, *, old_value: str | None, reason: str = "", detail: str = "") -> ConfigAudit:
    """The row of a change that was applied, or with a `reason` was not. Values are those that may be shown."""
    return ConfigAudit(
        actor=change.actor,
        config_key=change.config_key,
        action=change.action,
        old_value=old_value,
        new_value=change.value,
        status=ConfigAudit.Status.FAILURE if reason else ConfigAudit.Status.SUCCESS,
        reason=reason,
        detail=detail,
        version=change.version,
        change=change,
        task_id=change.applied_by,
    )


def refused(actor: str, key: str, action: str, reason: str, detail: str) -> ConfigAudit:
    """The row of a refused request. Its value is not kept: it may be a secret that was typed into the wrong key."""
    return ConfigAudit(
        actor=actor,
        config_key=masked_text(storable_text(key))[:MAX_KEY_CHARACTERS],
        action=action,
        status=ConfigAudit.Status.REFUSED,
        reason=reason,
        detail=masked_text(detail),
    )


def write(rows: Iterable[ConfigAudit]) -> None:
    """Store rows, and log those that are not a success."""
    written = ConfigAudit.objects.bulk_create(rows)
    for row in written:
        if row.status != ConfigAudit.Status.SUCCESS:
            about = {"config_key": row.config_key, "reason": row.reason, "actor": row.actor}
            logger.warning("configuration change %s", row.status, extra={"event": EVENTS[row.status], **about})
