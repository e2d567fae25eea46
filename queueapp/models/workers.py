"""Worker processes and what they can do. They belong to no tenant."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from queueapp.conf import MAX_RELEASE_CHARACTERS
from queueapp.models.base import JsonField, Now, UuidModel

MACHINE_HELP = "Boot id and process namespace."
START_TICKS_HELP = "When the process started, in the kernel's ticks since the boot."
RELEASE_HELP = "Of the project, as its setting RELEASE names it."


class Cluster(UuidModel):
    """A running `manage.py qcluster`, as its sentinel sees it. It belongs to no tenant."""

    host = models.CharField(max_length=255)
    # the supervisor's: with its machine and start ticks these tell whether it still lives, to anybody on that machine
    pid = models.IntegerField()
    machine = models.CharField(max_length=100, help_text=MACHINE_HELP)
    start_ticks = models.BigIntegerField(help_text=START_TICKS_HELP)
    stat = JsonField(default=dict, help_text="django-q2's statistics: status, process ids, reincarnations.")
    release = models.CharField(max_length=MAX_RELEASE_CHARACTERS, default="", db_default="", help_text=RELEASE_HELP)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    drain_asked_at = models.DateTimeField(null=True, blank=True, help_text="When an operator asked it to end.")

    class Meta:
        db_table = "taskrunner_clusters"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Worker(UuidModel):
    """One worker process; its id is new at every process start. A worker that leases over HTTP keeps its id."""

    OVER_HTTP = "http"  # its machine: none of ours, so nobody looks for its process

    cluster_id = models.UUIDField()  # over HTTP, the id of its key
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    # with the pid, these tell whether the process still exists, to anybody on the same machine
    machine = models.CharField(max_length=100, help_text=MACHINE_HELP)
    start_ticks = models.BigIntegerField(help_text=START_TICKS_HELP)
    queues = ArrayField(models.CharField(max_length=64), null=True, help_text="None: all that there are.")
    capabilities = JsonField(default=dict)
    release = models.CharField(max_length=MAX_RELEASE_CHARACTERS, default="", db_default="", help_text=RELEASE_HELP)
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    stop_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When an operator asked it to end after what it runs."
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    # it starts nothing of the queues that were paused when this number was the latest (Queue.pause_seq)
    pause_seen = models.BigIntegerField(db_default=0, default=0)

    class Meta:
        db_table = "taskrunner_workers"
        ordering = ("-id",)
        indexes = (models.Index(name="tr_worker_heartbeat", fields=("heartbeat_at",)),)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
