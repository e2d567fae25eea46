"""The cluster's row in the table of clusters: what qinfo, qmonitor and the dashboard show."""

import os
import socket
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from queueapp.models import Cluster
from queueapp.tenancy import system_scope, worker_scope

LIVE_SECONDS = 10


def store_stat(cluster_id: UUID, stat: dict[str, Any]) -> None:
    """Keep the sentinel's latest statistics."""
    with worker_scope(cluster_id):
        known = Cluster.objects.filter(id=cluster_id)
        if not known.update(stat=stat, heartbeat_at=Now()):
            Cluster.objects.create(
                id=cluster_id, host=socket.gethostname(), pid=stat.get("pid", os.getppid()), stat=stat
            )


def live_stats() -> list[dict[str, Any]]:
    """The statistics of every cluster heard of in the last ten seconds."""
    alive_since = timezone.now() - timedelta(seconds=LIVE_SECONDS)
    with system_scope("clusters"):
        return [cluster.stat for cluster in Cluster.objects.filter(heartbeat_at__gt=alive_since)]
