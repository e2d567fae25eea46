"""Append-only records: what happened to a task, what was refused, what operators did."""

from django.db import models
from django.db.models import Q

from queueapp.models.base import Now, UuidModel


class AppendOnlyModel(UuidModel):
    """No role may update or delete these rows. No foreign keys: a record outlives what it is about.

    Only the function taskrunner_prune_task_logs deletes, from the log of tasks that are gone (engine/retention.py).
    """

    tenant_id = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=200, help_text="client:…, operator:…, worker:… or system:…")

    class Meta:
        abstract = True


class TaskLog(AppendOnlyModel):
    """A move of a task, written by the database's trigger, or a line that a handler logged."""

    class Kind(models.TextChoices):
        TRANSITION = "transition"
        LOG = "log"

    tenant_id = models.UUIDField()
    task_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    from_status = models.CharField(max_length=20, null=True)  # noqa: DJ001 (null: the task is new)
    to_status = models.CharField(max_length=20, null=True)  # noqa: DJ001 (null: a log line moves nothing)
    attempt = models.IntegerField()
    worker_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=100, default="")
    level = models.CharField(max_length=10, default="info")
    message = models.TextField(default="")
    detail = models.JSONField(null=True)
    run_seconds = models.FloatField(null=True, help_text="In the handler itself, of the attempt that this move ended.")

    class Meta:
        db_table = "taskrunner_task_logs"
        ordering = ("id",)
        indexes = (models.Index(name="tr_task_log_story", fields=("task_id", "id")),)
        constraints = (
            models.CheckConstraint(
                name="tr_task_log_transition_iff_target",
                condition=Q(kind="transition", to_status__isnull=False) | Q(kind="log", to_status__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.task_id} {self.from_status or 'new'} → {self.to_status}"


class SecurityEvent(AppendOnlyModel):
    """A refused access: what was asked for, by whom, from where."""

    event = models.CharField(max_length=50)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "taskrunner_security_events"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.event} by {self.actor}"


class OperatorAction(AppendOnlyModel):
    """Something a person did through the admin, the dashboard or a command."""

    action = models.CharField(max_length=50)
    target = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "taskrunner_operator_actions"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"
