"""The cluster's row in the table of clusters: what qinfo, qmonitor and the dashboard show."""

import os
import socket
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from queueapp.models import Cluster
from queueapp.queries import live_clusters
from queueapp.tenancy import system_scope, worker_scope


def store_stat(cluster_id: UUID, stat: dict[str, Any]) -> None:
    """Keep the sentinel's latest statistics."""
    with worker_scope(cluster_id):
        known = Cluster.objects.filter(id=cluster_id)
        if not known.update(stat=stat, heartbeat_at=Now()):
            Cluster.objects.create(
                id=cluster_id, host=socket.gethostname(), pid=stat.get("pid", os.getppid()), stat=stat
            )


def live_stats() -> list[dict[str, Any]]:
    """The statistics of every live cluster."""
    with system_scope("clusters"):
        return [cluster.stat for cluster in live_clusters()]
