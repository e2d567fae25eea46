"""Ending workers and clusters in good order: each is asked to in its row, which it reads anyway.

A worker ends when what it runs has ended, and its supervisor starts a fresh one. A cluster does within some five
seconds what it does at SIGTERM. Each act runs in an open operator scope and leaves its row in operator_actions.
"""

from typing import Annotated
from uuid import UUID

from django.db.models.functions import Coalesce
from pydantic import Field, StringConstraints, ValidationError

from queueapp.errors import CannotEnd, ClusterNotFound, InvalidValue, WorkerNotFound
from queueapp.models import Cluster, Worker
from queueapp.models.base import Now
from queueapp.operators.pauses import MOST_CHARACTERS
from queueapp.operators.service import record, require_operator
from queueapp.tasks.queries import live_clusters, live_workers
from queueapp.validation import RequestModel, Text, field_errors


class EndRequest(RequestModel):
    """Why a worker or a cluster is to end."""

    reason: Annotated[Text, StringConstraints(max_length=MOST_CHARACTERS)] = Field("", description="For the record.")


def stop_worker(worker_id: UUID, reason: str = "") -> None:
    """Have a worker end after what it runs. Asked again, it stays as it was asked first.

    Raises WorkerNotFound, CannotEnd for one that is dead or leases over HTTP, InvalidValue for too long a reason.
    """
    detail = _checked(reason)
    require_operator()
    worker = Worker.objects.filter(id=worker_id).first()
    if worker is None:
        raise WorkerNotFound(worker_id)
    if worker.machine == Worker.OVER_HTTP:
        raise CannotEnd(f"Worker {worker_id} leases over HTTP: end its process where it runs, or revoke its key.")
    if worker_id not in {each.id for each in live_workers()}:
        raise CannotEnd(f"Worker {worker_id} is not alive.")
    Worker.objects.filter(id=worker_id).update(stop_asked_at=Coalesce("stop_asked_at", Now()))
    record("worker.stop", str(worker_id), **detail)


def drain_cluster(cluster_id: UUID, reason: str = "") -> None:
    """Have a cluster start nothing more, finish what it runs within its `--drain-seconds`, and end.

    Raises ClusterNotFound, CannotEnd for one that is dead, InvalidValue for too long a reason.
    """
    detail = _checked(reason)
    require_operator()
    if not Cluster.objects.filter(id=cluster_id).exists():
        raise ClusterNotFound(cluster_id)
    if cluster_id not in {each.id for each in live_clusters()}:
        raise CannotEnd(f"Cluster {cluster_id} is not alive.")
    Cluster.objects.filter(id=cluster_id).update(drain_asked_at=Coalesce("drain_asked_at", Now()))
    record("cluster.drain", str(cluster_id), **detail)


def _checked(reason: str) -> dict[str, str]:
    try:
        return EndRequest.model_validate({"reason": reason}).model_dump(exclude_defaults=True)
    except ValidationError as error:
        raise InvalidValue(field_errors(error)) from None
