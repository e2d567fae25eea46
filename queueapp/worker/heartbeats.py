"""The workers' rows: registration, heartbeat, sign-off, and the reaper of those whose process is gone."""

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from queueapp.claiming import Capabilities
from queueapp.models import Cluster, Worker
from queueapp.models.base import Now
from queueapp.tasks.queries import live_clusters
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


@cache
def machine() -> str:
    """Names the kernel and process namespace we run in: two containers of one name still differ."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"


def register(worker_id: UUID, cluster_id: UUID, capabilities: Capabilities) -> None:
    """Add the row of a new worker process."""
    with worker_scope(worker_id):
        Worker.objects.create(
            id=worker_id,
            cluster_id=cluster_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            machine=machine(),
            process_created=psutil.Process().create_time(),
            queues=capabilities.queues_as_list,
            capabilities=capabilities.as_json(),
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


def reap_dead_workers() -> None:
    """Record which workers of this machine have died, of any cluster.

    The maintenance runner then takes back what they held at once, instead of waiting for their leases to run out.
    """
    with system_scope("reaper"):
        thought_alive = Worker.objects.filter(machine=machine(), stopped_at=None)
        dead = [worker.id for worker in thought_alive if not _exists(worker)]
        if dead:
            Worker.objects.filter(id__in=dead, stopped_at=None).update(stopped_at=Now())


def _exists(worker: Worker) -> bool:
    try:
        process = psutil.Process(worker.pid)
        return process.create_time() == worker.process_created and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
