"""Append-only records: what happened to a task, what was refused, what operators did."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from queueapp.models.base import JsonField, Now, UuidModel


class AppendOnlyModel(UuidModel):
    """No role may update or delete these rows. No foreign keys: a record outlives what it is about."""

    tenant_id = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=200, help_text="client:…, operator:…, worker:… or system:…")

    class Meta:
        abstract = True


class TaskLogRow(models.Model):
    """A row of the log as it is stored: three for each task, so a value that follows from the others is null.

    Read it as TaskLog. The widest columns of a fixed width come first, since each begins at a multiple of its width.
    The primary key is Django's alone: in the database a row is found by its task (schema/30_records.sql).
    """

    # drawn while the task is locked: the order in which its rows were written
    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    run_seconds = models.FloatField(null=True)
    attempt = models.IntegerField()
    # null: a line
    transition_id = models.SmallIntegerField(null=True)
    tenant_id = models.UUIDField()
    task_id = models.UUIDField()
    worker_id = models.UUIDField(null=True)
    # null: that worker
    actor = models.CharField(max_length=200, null=True)  # noqa: DJ001
    # null: that of the transition
    reason = models.CharField(max_length=100, null=True)  # noqa: DJ001
    # null: that of the transition
    level = models.CharField(max_length=10, null=True)  # noqa: DJ001
    message = models.TextField(null=True)  # noqa: DJ001
    detail = JsonField(null=True)

    class Meta:
        db_table = "taskrunner_task_logs"
        indexes = (
            # each task once, with a list of its rows: a third of one that has the order of the rows in it
            models.Index(name="tr_task_log_by_task", fields=("task_id",)),
            # a row by its id, which only the admin asks for: a few bytes for each hundred pages
            BrinIndex(name="tr_task_log_by_id", fields=("id",), autosummarize=True),
        )

    def __str__(self) -> str:
        return f"{self.task_id} {self.id}"


class TaskLog(models.Model):
    """A move of a task, written by the database's trigger, or a line that a handler logged. A view (60_views.sql)."""

    class Kind(models.TextChoices):
        TRANSITION = "transition"
        LOG = "log"

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    tenant_id = models.UUIDField()
    task_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    from_status = models.CharField(max_length=20, null=True)  # noqa: DJ001 (null: the task is new)
    to_status = models.CharField(max_length=20, null=True)  # noqa: DJ001 (null: a log line moves nothing)
    attempt = models.IntegerField()
    worker_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=100)
    level = models.CharField(max_length=10)
    message = models.TextField()
    detail = JsonField(null=True)
    run_seconds = models.FloatField(null=True, help_text="In the handler itself, of the attempt that this move ended.")

    class Meta:
        db_table = "taskrunner_task_history"
        managed = False
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.task_id} {self.from_status or 'new'} → {self.to_status}"


class SecurityEvent(AppendOnlyModel):
    """A refused access: what was asked for, by whom, from where."""

    event = models.CharField(max_length=50)
    detail = JsonField(default=dict)

    class Meta:
        db_table = "taskrunner_security_events"
        ordering = ("-id",)
        # as the list of all acts is filtered, the newest first
        indexes = (
            models.Index(name="tr_security_event_by_tenant", fields=("tenant_id", "-id")),
            models.Index(name="tr_security_event_by_actor", fields=("actor", "-id")),
            models.Index(name="tr_security_event_by_event", fields=("event", "-id")),
        )

    def __str__(self) -> str:
        return f"{self.event} by {self.actor}"


class OperatorAction(AppendOnlyModel):
    """Something a person did through the admin, the console or a command."""

    action = models.CharField(max_length=50)
    target = models.CharField(max_length=200)
    detail = JsonField(default=dict)

    class Meta:
        db_table = "taskrunner_operator_actions"
        ordering = ("-id",)
        indexes = (
            models.Index(name="tr_operator_action_by_tenant", fields=("tenant_id", "-id")),
            models.Index(name="tr_operator_action_by_actor", fields=("actor", "-id")),
            models.Index(name="tr_operator_action_by_action", fields=("action", "-id")),
            models.Index(name="tr_operator_action_by_target", fields=("target", "-id")),
        )

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"


class Act(AppendOnlyModel):
    """A row of any record of what people did or were refused: this app's, and those that others add (db/audit.py).

    A view (60_views.sql), by its id in the order of time. `source` says which record it is of.
    """

    source = models.CharField(max_length=20)
    action = models.CharField(max_length=50)
    target = models.CharField(max_length=200)
    detail = JsonField(default=dict)

    class Meta:
        db_table = "taskrunner_acts"
        managed = False
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"
