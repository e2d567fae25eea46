"""Queues, the routes that lead task types to them, and the partitions that workers match against."""

from django.db import models
from django.db.models import Q

from queueapp.models.base import JsonField, Now, UuidModel


class Queue(UuidModel):
    """A named line of tasks with one order. It belongs to no tenant."""

    class Strategy(models.TextChoices):
        """In which order the queue's tasks are claimed."""

        FIFO = "fifo", "first in, first out"
        LIFO = "lifo", "last in, first out"
        PRIORITY = "priority", "priority, then age"
        WEIGHTED_RANDOM = "weighted_random", "random in proportion to priority"
        FAIR = "fair", "round robin between tenants"

    name = models.CharField(max_length=64, unique=True)
    strategy = models.CharField(max_length=20, choices=Strategy, default=Strategy.PRIORITY)
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Starts nothing while set.")
    # of the pause that holds; a trigger clears them with it
    paused_by = models.CharField(max_length=200, default="", db_default="", blank=True, help_text="An actor.")
    pause_reason = models.CharField(max_length=500, default="", db_default="", blank=True)
    paused_until = models.DateTimeField(null=True, blank=True, help_text="When it ends by itself.")
    # set by a trigger: the number of its latest pause or resume among those of all queues (schema/25_pauses.sql)
    pause_seq = models.BigIntegerField(db_default=0, default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "taskrunner_queues"
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(name="tr_queue_name_format", condition=Q(name__regex="^[a-z0-9][a-z0-9_.-]*$")),
            models.CheckConstraint(
                name="tr_queue_strategy_known",
                condition=Q(strategy__in=("fifo", "lifo", "priority", "weighted_random", "fair")),
            ),
            models.CheckConstraint(
                name="tr_queue_pause_described_while_paused",
                condition=Q(paused_at__isnull=False) | Q(paused_by="", pause_reason="", paused_until__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Route(UuidModel):
    """Sends the types that a pattern matches to a queue; the longest matching pattern wins."""

    pattern = models.CharField(max_length=200, unique=True, help_text="A type, `X.*` for all below X, or `*`.")
    queue = models.ForeignKey(
        Queue, to_field="name", db_column="queue", on_delete=models.PROTECT, related_name="routes"
    )

    class Meta:
        db_table = "taskrunner_routes"
        ordering = ("pattern",)

    def __str__(self) -> str:
        return f"{self.pattern} → {self.queue_id}"


class Partition(models.Model):
    """One row for each distinct combination of queue, type and requirements that tasks wait in, or lately did.

    Claimers match patterns and requirements against these few rows in memory, so that a worker's
    capabilities never become a filter over the backlog. The id is a digest of the rest, which tasks bring along
    (taskrunner_partition_id). Submitters note what has no row, claimers add it, in transactions of their own, and
    maintenance deletes what has been idle for a while (schema/22_partitions.sql).
    """

    id = models.BigIntegerField(primary_key=True)
    queue = models.CharField(max_length=64)
    type = models.CharField(max_length=200)
    requirements = JsonField(default=dict)
    # by a trigger, in the order of commits: who knows number n knows all up to n
    number = models.BigIntegerField(editable=False)
    opened_by = models.UUIDField(null=True, help_text="Whose task was its first; null without requirements.")
    retired_in = models.BigIntegerField(null=True, help_text="The transaction since which submitters note it again.")

    class Meta:
        db_table = "taskrunner_partitions"
        indexes = (
            models.Index(name="tr_partition_by_number", fields=("number",)),
            models.Index(name="tr_partition_by_opener", fields=("opened_by",)),
        )

    def __str__(self) -> str:
        return f"{self.type} in {self.queue}"


class NewPartition(models.Model):
    """A note of a transaction that a task waits in a partition without a row. Often several say the same."""

    id = models.BigAutoField(primary_key=True)
    partition_id = models.BigIntegerField()
    queue = models.CharField(max_length=64)
    type = models.CharField(max_length=200)
    requirements = JsonField()
    opened_by = models.UUIDField(null=True)

    class Meta:
        db_table = "taskrunner_new_partitions"
        indexes = (
            models.Index(name="tr_new_partition_by_partition", fields=("partition_id",)),
            models.Index(name="tr_new_partition_by_opener", fields=("opened_by",)),
        )

    def __str__(self) -> str:
        return f"{self.type} in {self.queue}"


class UsedPartition(models.Model):
    """A partition that has tasks, whether a claimer has listed it or not. A view; only operators see it whole."""

    id = models.BigIntegerField(primary_key=True)
    queue = models.CharField(max_length=64)
    type = models.CharField(max_length=200)
    requirements = JsonField()

    class Meta:
        db_table = "taskrunner_used_partitions"
        managed = False

    def __str__(self) -> str:
        return f"{self.type} in {self.queue}"
