"""How many tasks are where, and how many passed each minute: kept, never counted over history.

The trigger on tasks appends deltas; the maintenance runner folds them into counts and statistics. A single
counter row would serialise every settle.
"""

from django.db import models
from django.db.models import Q

from queueapp.models.base import TenantModel


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
    """What a tenant's tasks of a type did in one minute."""

    minute = models.DateTimeField()
    queue = models.CharField(max_length=64)
    type = models.CharField(max_length=200)
    to_status = models.CharField(max_length=20)
    moves = models.BigIntegerField()
    wait_seconds = models.FloatField()
    run_seconds = models.FloatField()

    class Meta:
        db_table = "taskrunner_task_stats"
        constraints = (
            models.UniqueConstraint(
                name="tr_task_stat_once", fields=("tenant", "minute", "queue", "type", "to_status")
            ),
        )
        indexes = (
            models.Index(name="tr_task_stat_by_minute", fields=("minute",)),
            models.Index(name="tr_task_stat_dead_letters", fields=("minute",), condition=Q(to_status="dead_letter")),
        )

    def __str__(self) -> str:
        return f"{self.minute}: {self.moves} {self.type} → {self.to_status}"
