"""The workers' and clusters' rows: registration, heartbeats, sign-off, and the end of those whose process is gone."""

import os
import socket
from typing import Any
from uuid import UUID

from queueapp import conf
from queueapp.claiming import Capabilities
from queueapp.models import Cluster, Worker
from queueapp.models.base import Now
from queueapp.process_identity import is_same_process, machine, start_ticks
from queueapp.tasks.deaths import end_lost_workers
from queueapp.tasks.queries import live_clusters
from queueapp.tenancy import system_scope, worker_scope


def look_after_cluster(cluster_id: UUID, stat: dict[str, Any]) -> bool:
    """Keep the sentinel's latest statistics, and end the workers of this machine that died with their supervisor.

    A supervisor that lives knows what its worker was executing, and has it settled itself.
    Returns whether an operator has asked the cluster to drain.
    """
    with system_scope("reaper"):
        if stat:
            _store_stat(cluster_id, stat)
        if lost := _lost_workers():
            end_lost_workers(lost)
        return Cluster.objects.filter(id=cluster_id, drain_asked_at__isnull=False).exists()


def _store_stat(cluster_id: UUID, stat: dict[str, Any]) -> None:
    known = Cluster.objects.filter(id=cluster_id)
    if not known.update(stat=stat, heartbeat_at=Now()) and (ticks := start_ticks(stat["pid"])) is not None:
        Cluster.objects.create(
            id=cluster_id,
            host=socket.gethostname(),
            pid=stat["pid"],
            machine=machine(),
            start_ticks=ticks,
            stat=stat,
            release=conf.settings.release,
        )


def _lost_workers() -> list[UUID]:
    thought_alive = Worker.objects.filter(machine=machine(), stopped_at=None)
    dead = [worker for worker in thought_alive if not is_same_process(worker.pid, worker.start_ticks)]
    clusters = Cluster.objects.in_bulk({worker.cluster_id for worker in dead}) if dead else {}
    return [worker.id for worker in dead if _has_ended(clusters.get(worker.cluster_id))]


def live_stats() -> list[dict[str, Any]]:
    """The statistics of every live cluster."""
    with system_scope("clusters"):
        return [cluster.stat for cluster in live_clusters()]


def register(worker_id: UUID, cluster_id: UUID, capabilities: Capabilities) -> None:
    """Add the row of a new worker process."""
    with worker_scope(worker_id):
        Worker.objects.create(
            id=worker_id,
            cluster_id=cluster_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            machine=machine(),
            start_ticks=start_ticks(os.getpid()) or 0,  # never 0, since we live
            queues=capabilities.queues_as_list,
            capabilities=capabilities.as_json(),
            release=conf.settings.release,
        )


def heartbeat(worker_id: UUID) -> bool:
    """Record that the worker is alive. False when it was declared dead: its leases are gone."""
    with worker_scope(worker_id):
        alive = Worker.objects.filter(id=worker_id, stopped_at=None)
        return alive.update(heartbeat_at=Now()) == 1


def sign_off(worker_id: UUID) -> None:
    """Record that a worker has ended."""
    with worker_scope(worker_id):
        Worker.objects.filter(id=worker_id, stopped_at=None).update(stopped_at=Now())


def _has_ended(cluster: Cluster | None) -> bool:
    """Whether a cluster of this machine is known to have no supervisor any more. One without a row may be starting."""
    return (
        cluster is not None and cluster.machine == machine() and not is_same_process(cluster.pid, cluster.start_ticks)
    )
