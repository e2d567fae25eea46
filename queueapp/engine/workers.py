"""The worker's row in the table of workers."""

import os
import socket
from uuid import UUID

from django.db.models.functions import Now

from queueapp.claiming import Capabilities
from queueapp.models import Worker
from queueapp.tenancy import worker_scope


def register(worker_id: UUID, cluster_id: UUID, capabilities: Capabilities) -> None:
    """Enter a new worker process."""
    with worker_scope(worker_id):
        Worker.objects.create(
            id=worker_id,
            cluster_id=cluster_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            queues=list(capabilities.queues),
            capabilities=capabilities.as_json(),
        )


def heartbeat(worker_id: UUID) -> bool:
    """Say that the worker lives. False when somebody has declared it dead: its leases are gone."""
    with worker_scope(worker_id):
        alive = Worker.objects.filter(id=worker_id, stopped_at=None)
        return alive.update(heartbeat_at=Now()) == 1


def mark_stopped(worker_ids: list[UUID]) -> None:
    """Record that processes have ended; the housekeeper then takes back what they held."""
    with worker_scope(worker_ids[0]):
        Worker.objects.filter(id__in=worker_ids, stopped_at=None).update(stopped_at=Now())
