"""A worker that leases over HTTP: its id, what its key lets it take, and its row among the workers."""

from uuid import UUID, uuid5

from pydantic import ValidationError

from queueapp.apikeys.service import KeyCapabilities
from queueapp.claiming import Capabilities
from queueapp.models import Worker
from queueapp.models.base import Now
from queueapp.redaction import masked_text
from queueapp.rest.toolkit.errors import Forbidden
from queueapp.rest.toolkit.permissions import Principal
from queueapp.tenancy import worker_scope


def worker_id_of(principal: Principal, name: str) -> UUID:
    """The same key and name are the same worker. Derived, so that a lease token of another key fits no lease."""
    return uuid5(principal.key.id, name)


def capabilities_of(principal: Principal) -> Capabilities:
    """Raises Forbidden for a key whose capabilities cannot be read."""
    try:
        declared = KeyCapabilities.model_validate(principal.key.capabilities)
    except ValidationError:
        raise Forbidden(
            "This key's capabilities are malformed (categories and queues are lists of names): have a new key made."
        ) from None
    queues = None if declared.queues is None else tuple(declared.queues)
    return Capabilities(queues, tuple(declared.categories), declared.properties)


def register(worker_id: UUID, principal: Principal, name: str, capabilities: Capabilities) -> None:
    """Record that the worker lives, and what it takes."""
    row = Worker(
        id=worker_id,
        cluster_id=principal.key.id,
        host=masked_text(name),
        pid=0,
        machine=Worker.OVER_HTTP,
        start_ticks=0,
        queues=capabilities.queues_as_list,
        capabilities=capabilities.as_json(),
        heartbeat_at=Now(),
    )
    renewed = ["queues", "capabilities", "heartbeat_at"]
    Worker.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=renewed)


def record_heartbeat(worker_id: UUID) -> None:
    """Record that the worker lives."""
    with worker_scope(worker_id):
        Worker.objects.filter(id=worker_id).update(heartbeat_at=Now())
