"""How many tasks are where, and how many passed each minute: kept, never counted over history.

The trigger on tasks appends deltas; the maintenance runner folds them into counts and statistics. A single
counter row would serialise every settle.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from queueapp.models.base import TenantModel

HISTOGRAM_HELP = "By bucket: waits where tasks were claimed, runs where attempts ended; null elsewhere."


class TaskDelta(models.Model):
    """Moves of one statement that were not folded yet."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    tenant_id = models.UUIDField()
    queue = models.CharField(max_length=64)
    type = models.CharField(max_length=200)
    from_status = models.CharField(max_length=20, null=True)  # noqa: DJ001 (null: new tasks)
    to_status = models.CharField(max_length=20, null=True)  # noqa: DJ001 (null: purged tasks)
    moves = models.IntegerField()
    wait_seconds = models.FloatField(default=0, help_text="Sum over the moves: time due but not claimed.")
    run_seconds = models.FloatField(default=0, help_text="Sum over the moves: time in handlers.")
    # of the wait where tasks were claimed, of the run where attempts ended (queueapp/histograms.py); else null
    bucket = models.SmallIntegerField(null=True)
    worker_id = models.UUIDField(null=True, help_text="Whose lease the moves ended.")
    # of moves that were failures, and one of them
    error_fingerprint = models.CharField(max_length=16, null=True)  # noqa: DJ001
    error_task_id = models.UUIDField(null=True)
    error_attempt = models.IntegerField(null=True)

    class Meta:
        db_table = "taskrunner_task_deltas"

    def __str__(self) -> str:
        return f"{self.moves} × {self.from_status} → {self.to_status}"


class TaskCount(TenantModel):
    """How many tasks of a tenant are in a status of a queue now."""

    queue = models.CharField(max_length=64)
    status = models.CharField(max_length=20)
    tasks = models.BigIntegerField()

    class Meta:
        db_table = "taskrunner_task_counts"
        constraints = (models.UniqueConstraint(name="tr_task_count_once", fields=("tenant", "queue", "status")),)

    def __str__(self) -> str:
        return f"{self.tasks} {self.status} in {self.queue}"


class TaskStat(TenantModel):
    """What a tenant's tasks of a type did in a span of time, which begins at a multiple of its length."""

    span_seconds = models.IntegerField(help_text="60 or 3600: each move is counted in one of either.")
    starts_at = models.DateTimeField()
    queue = models.CharField(max_length=64)
    type = models.CharField(max_length=200)
    to_status = models.CharField(max_length=20)
    moves = models.BigIntegerField()
    wait_seconds = models.FloatField()
    run_seconds = models.FloatField()
    histogram = ArrayField(models.IntegerField(), null=True, help_text=HISTOGRAM_HELP)

    class Meta:
        db_table = "taskrunner_task_stats"
        constraints = (
            models.UniqueConstraint(
                name="tr_task_stat_once", fields=("tenant", "span_seconds", "starts_at", "queue", "type", "to_status")
            ),
        )
        indexes = (
            models.Index(name="tr_task_stat_by_age", fields=("span_seconds", "starts_at")),
            models.Index(
                name="tr_task_stat_dead_letters",
                fields=("starts_at",),
                condition=Q(span_seconds=60, to_status="dead_letter"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.starts_at}: {self.moves} {self.type} → {self.to_status}"


class WorkerStat(models.Model):
    """What a worker did in one minute: the attempts that ended on it, however they did, but for those handed back."""

    id = models.BigAutoField(primary_key=True)
    worker_id = models.UUIDField()
    minute = models.DateTimeField()
    attempts = models.BigIntegerField()
    failures = models.BigIntegerField()
    run_seconds = models.FloatField()
    histogram = ArrayField(models.IntegerField(), null=True, help_text=HISTOGRAM_HELP)

    class Meta:
        db_table = "taskrunner_worker_stats"
        constraints = (models.UniqueConstraint(name="tr_worker_stat_once", fields=("worker_id", "minute")),)
        indexes = (models.Index(name="tr_worker_stat_by_age", fields=("minute",)),)

    def __str__(self) -> str:
        return f"{self.minute}: {self.attempts} by {self.worker_id}"
