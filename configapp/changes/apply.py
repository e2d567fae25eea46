"""Application: accepted changes become versions, exactly once and in the order of their acceptance.

A task first applies everything that was accepted before its own change, whatever became of the tasks that were to apply
it. So another task may apply a change early, and its own then finds the work done; but no change is applied late, and
a crashed, slow or dead-lettered task delays nobody. Row locks in one order let only one task at a time do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from django.db import connection

from configapp import audit
from configapp.models import ConfigAudit, ConfigChange, ConfigVersion, SystemConfig
from queueapp import clock
from queueapp.errors import PermanentFailure

Status = ConfigChange.Status

# Of a process that is stopped here, the transaction ends after this time, and with it its locks.
LIMIT_IDLE_TIME = "SET LOCAL idle_in_transaction_session_timeout = '5s'"
FINISHED_FIELDS = ("status", "version", "applied_by", "finished_at")


@dataclass(slots=True)
class Ledger:
    """The version and value of each key while changes are applied, and the rows to write."""

    task_id: UUID
    versions: dict[str, int]
    shown: dict[str, str | None]
    made: list[ConfigVersion] = field(default_factory=list)
    records: list[ConfigAudit] = field(default_factory=list)

    def post(self, changes: Sequence[ConfigChange]) -> None:
        """Apply the changes of one request, or none of them if one finds its key at another version."""
        stale = [change for change in changes if self._is_stale(change)]
        for change in changes:
            change.applied_by, change.finished_at = self.task_id, clock.now()
            if stale:
                self._refuse(change, stale)
            else:
                self._apply(change)

    def _is_stale(self, change: ConfigChange) -> bool:
        return change.expected_version not in (None, self.versions.get(change.config_key, 0))

    def _refuse(self, change: ConfigChange, stale: Sequence[ConfigChange]) -> None:
        change.status = Status.CONFLICT
        words = "; ".join(
            f"{each.config_key} was at version {self.versions.get(each.config_key, 0)}, not {each.expected_version}"
            for each in stale
        )
        old = self.shown.get(change.config_key)
        self.records.append(audit.of_change(change, old_value=old, reason="version_mismatch", detail=words))

    def _apply(self, change: ConfigChange) -> None:
        key = change.config_key
        change.status, change.version = Status.APPLIED, self.versions.get(key, 0) + 1
        self.records.append(audit.of_change(change, old_value=self.shown.get(key)))
        self.made.append(
            ConfigVersion(
                config_key=key,
                version=change.version,
                value=change.value,
                secret_id=change.secret_id,
                is_active=change.value is not None,
                change=change,
                actor=change.actor,
            )
        )
        self.versions[key], self.shown[key] = change.version, change.value


def apply_changes(task_id: UUID) -> dict[str, object]:
    """Apply every change up to this task's. Returns what became of its own: the outcome, and the version of each key.

    Runs in the transaction that completes the task. Raises PermanentFailure where no change belongs to the task.
    """
    with connection.cursor() as cursor:
        cursor.execute(LIMIT_IDLE_TIME)
    submission = ConfigChange.objects.filter(task_id=task_id).values_list("submission", flat=True).first()
    if submission is None:
        raise PermanentFailure("No change belongs to this task: submit changes through the configuration's API.")
    _apply_up_to(submission, task_id)
    own = ConfigChange.objects.filter(task_id=task_id).order_by("config_key")
    return {
        "outcome": own[0].status,
        "versions": {change.config_key: change.version for change in own},
        "applied_by": str(own[0].applied_by or ""),
    }


def _apply_up_to(submission: int, task_id: UUID) -> None:
    waiting = list(
        ConfigChange.objects.select_for_update()
        .filter(status=Status.ACCEPTED, submission__lte=submission)
        .order_by("submission", "config_key")
    )
    if not waiting:
        return
    # read after the locks were gained: the task that held them has committed what these rows say now
    current = SystemConfig.objects.filter(config_key__in={change.config_key for change in waiting})
    ledger = Ledger(
        task_id,
        versions={row.config_key: row.version for row in current},
        shown={row.config_key: row.config_value if row.is_active else None for row in current},
    )
    for _, changes in groupby(waiting, key=lambda change: change.submission):
        ledger.post(list(changes))
    ConfigChange.objects.bulk_update(waiting, FINISHED_FIELDS)  # first, since a version may not overtake a waiting one
    ConfigVersion.objects.bulk_create(ledger.made)
    audit.write(ledger.records)
