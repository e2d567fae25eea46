"""Changes that were accepted, and the record of what became of every attempt to change something."""

from django.db import models
from django.db.models import F, Q

from configapp.models.keys import KEY_PATTERN
from configapp.models.values import ConfigSecret
from queueapp.models.base import Now, UuidModel


class Action(models.TextChoices):
    """What a change does to its key."""

    SET = "set"
    UNSET = "unset"
    ROLLBACK = "rollback"


class ConfigChange(UuidModel):
    """An accepted change of one key. The changes of one request share its number and its task.

    Of two changes of the same key, the one accepted first has the smaller number (changes/accept.py).
    """

    class Status(models.TextChoices):
        ACCEPTED = "accepted", "accepted"  # waits to be applied, in its place
        APPLIED = "applied", "applied"
        CONFLICT = "conflict", "conflict"  # the key was no longer at the version that the change expected
        CANCELLED = "cancelled", "cancelled"  # its task was cancelled before anything was applied

    submission = models.BigIntegerField(help_text="Grows in the order of acceptance of each key.")
    task_id = models.UUIDField(help_text="The task that applies it; no foreign key, since tasks are purged.")
    config_key = models.CharField(max_length=64)
    action = models.CharField(max_length=10, choices=Action)
    value = models.TextField(null=True, help_text="JSON; null: unset.")  # noqa: DJ001 (JSON has a word for empty)
    secret = models.ForeignKey(ConfigSecret, null=True, on_delete=models.PROTECT, related_name="+")
    expected_version = models.IntegerField(null=True, help_text="If-Match; 0: the key was never set.")
    actor = models.CharField(max_length=200)
    submitted_at = models.DateTimeField(db_default=Now())
    status = models.CharField(max_length=10, choices=Status, default=Status.ACCEPTED)
    version = models.IntegerField(null=True, help_text="The version that it made.")
    applied_by = models.UUIDField(null=True, help_text="Its own task, or that of a later change which came first.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "taskrunner_config_changes"
        ordering = ("-submission", "config_key")
        constraints = (
            models.UniqueConstraint(name="tr_config_change_once", fields=("submission", "config_key")),
            models.CheckConstraint(name="tr_config_change_key_format", condition=Q(config_key__regex=KEY_PATTERN)),
            models.CheckConstraint(name="tr_config_change_action_known", condition=Q(action__in=Action.values)),
            models.CheckConstraint(
                name="tr_config_change_status_known",
                condition=Q(status__in=("accepted", "applied", "conflict", "cancelled")),
            ),
            models.CheckConstraint(
                name="tr_config_change_finished_iff_not_accepted",
                condition=Q(status="accepted", finished_at__isnull=True)
                | (~Q(status="accepted") & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="tr_config_change_version_iff_applied",
                condition=Q(status="applied", version__isnull=False) | (~Q(status="applied") & Q(version__isnull=True)),
            ),
        )
        indexes = (
            models.Index(name="tr_config_change_waiting", fields=("submission",), condition=Q(status="accepted")),
            models.Index(name="tr_config_change_by_task", fields=("task_id",)),
            models.Index(F("config_key"), F("submission").desc(), name="tr_config_change_by_key"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.config_key} ({self.status})"


class ConfigAudit(UuidModel):
    """One row for each key of each change that was applied, failed or refused. Append-only, and without secrets."""

    class Status(models.TextChoices):
        SUCCESS = "success"
        FAILURE = "failure"  # accepted, and not applied
        REFUSED = "refused"  # not accepted

    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=200)
    config_key = models.CharField(max_length=100, help_text="As it was asked for, if it was refused.")
    action = models.CharField(max_length=10)
    old_value = models.TextField(null=True)  # noqa: DJ001 (JSON has a word for empty)
    new_value = models.TextField(null=True, help_text="Not kept of what was refused.")  # noqa: DJ001
    status = models.CharField(max_length=10, choices=Status)
    reason = models.CharField(max_length=100, default="", help_text="A stable code; empty for a success.")
    detail = models.TextField(default="", help_text="The reason in words.")
    version = models.IntegerField(null=True)
    change = models.OneToOneField(ConfigChange, null=True, on_delete=models.PROTECT, related_name="record")
    task_id = models.UUIDField(null=True, help_text="The task that applied it.")

    class Meta:
        db_table = "taskrunner_config_audit"
        verbose_name = "audit record"
        verbose_name_plural = "audit"
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="tr_config_audit_status_known", condition=Q(status__in=("success", "failure", "refused"))
            ),
        )
        # as the list of all acts is filtered, the newest first
        indexes = (
            models.Index(name="tr_config_audit_by_key", fields=("config_key", "-id")),
            models.Index(name="tr_config_audit_by_actor", fields=("actor", "-id")),
            models.Index(name="tr_config_audit_by_action", fields=("action", "-id")),
        )

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.config_key} ({self.status})"
