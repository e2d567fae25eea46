"""Runs: which work was done, under which key; and what a task measured and noted, in a run or without one."""

from django.db import models
from django.db.models import Q

from queueapp.models.base import JsonField, Now, TenantModel
from queueapp.models.tasks import Task

MAX_RUN_KEY = 300
MAX_NAME = 100


class Run(TenantModel):
    """One attempt at the work that a key stands for. Ids sort by start: they are made by the database with the row."""

    class Status(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"  # whatever ended it: an error, a cancel, a time-out, a killed worker

    run_key = models.CharField(max_length=MAX_RUN_KEY)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="runs", db_constraint=False, db_index=False)
    attempt = models.IntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING, db_default=Status.RUNNING)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    metadata = JsonField(default=dict, db_default={}, help_text="{task_id, task_type, attempt}")

    class Meta:
        db_table = "taskrunner_runs"
        ordering = ("-id",)
        constraints = (
            # also the target of composite foreign keys, and the order of a tenant's list
            models.UniqueConstraint(name="tr_run_id_within_tenant", fields=("tenant", "id")),
            models.UniqueConstraint(name="tr_run_once_an_attempt", fields=("tenant", "task", "attempt")),
            models.CheckConstraint(name="tr_run_key_not_empty", condition=~Q(run_key="")),
            models.CheckConstraint(
                name="tr_run_status_known", condition=Q(status__in=("running", "completed", "failed"))
            ),
            models.CheckConstraint(
                name="tr_run_finished_iff_ended",
                condition=Q(status="running", finished_at__isnull=True)
                | (~Q(status="running") & Q(finished_at__isnull=False)),
            ),
        )
        indexes = (
            models.Index(name="tr_run_by_key", fields=("tenant", "run_key", "-id")),
            models.Index(name="tr_run_by_status", fields=("tenant", "status", "-id")),
            # what maintenance looks through each second: it holds no more than what runs
            models.Index(name="tr_run_running", fields=("id",), condition=Q(status="running")),
        )

    def __str__(self) -> str:
        return self.run_key


class RunMetric(TenantModel):
    """A figure that a task measured. Without a run where its type keeps none."""

    run = models.ForeignKey(
        Run, null=True, on_delete=models.CASCADE, related_name="metrics", db_constraint=False, db_index=False
    )
    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="metrics", db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=MAX_NAME)
    value = JsonField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_run_metrics"
        ordering = ("id",)
        constraints = (models.CheckConstraint(name="tr_run_metric_has_a_name", condition=~Q(name="")),)
        indexes = (
            models.Index(name="tr_run_metric_by_run", fields=("tenant", "run", "id")),
            models.Index(name="tr_run_metric_by_task", fields=("tenant", "task", "id")),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class RunNote(TenantModel):
    """Something that a task wants remembered. Without a run where its type keeps none."""

    run = models.ForeignKey(
        Run, null=True, on_delete=models.CASCADE, related_name="notes", db_constraint=False, db_index=False
    )
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="notes", db_constraint=False, db_index=False)
    type = models.CharField(max_length=MAX_NAME)
    content = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "taskrunner_run_notes"
        ordering = ("id",)
        constraints = (models.CheckConstraint(name="tr_run_note_has_a_type", condition=~Q(type="")),)
        indexes = (
            models.Index(name="tr_run_note_by_run", fields=("tenant", "run", "id")),
            models.Index(name="tr_run_note_by_task", fields=("tenant", "task", "id")),
        )

    def __str__(self) -> str:
        return f"{self.type}: {self.content[:50]}"
