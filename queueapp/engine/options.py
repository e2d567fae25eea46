"""How this cluster serves: set by the qcluster command before it forks, read by its workers."""

from dataclasses import dataclass
from uuid import UUID

from queueapp.claiming import Capabilities
from queueapp.engine.slots import ClusterMemory


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the processes of one cluster share."""

    cluster_id: UUID
    capabilities: Capabilities
    strategy: str | None
    memory: ClusterMemory


_options: ServeOptions | None = None


def set_options(options: ServeOptions) -> None:
    global _options
    _options = options


def get_options() -> ServeOptions:
    """The cluster's options. Raises RuntimeError outside a cluster."""
    if _options is None:
        raise RuntimeError("Workers are started by `manage.py qcluster`, not by themselves.")
    return _options
