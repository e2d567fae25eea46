"""Clusters: one `qcluster` each."""

from django.db import models
from django.db.models.functions import Now

from queueapp.models.base import UuidModel


class Cluster(UuidModel):
    """A running `manage.py qcluster`, as its sentinel sees it. It belongs to no tenant."""

    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    stat = models.JSONField(default=dict, help_text="django-q2's statistics: status, process ids, reincarnations.")
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "clusters"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
