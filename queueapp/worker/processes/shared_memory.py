"""Shared memory of one cluster: a slot for each worker process, last heartbeats, and the order to drain.

No locks anywhere: a process killed while holding one would block all the others for ever. Each field has one
writer at a time and is one machine word, but for the statistics, which are only shown.
"""

import ctypes
import json
import time
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray, RawValue
from typing import Any
from uuid import UUID

from queueapp.claiming import Capabilities

STAT_BYTES = 8_192


class Slot(ctypes.Structure):
    """One place for a worker process. Times are time.monotonic(), which all processes of a machine share."""

    _fields_ = (
        ("pid", ctypes.c_int64),  # 0: free
        ("heartbeat_at", ctypes.c_double),  # when the worker was last seen alive
        ("deadline", ctypes.c_double),  # hard limit of the attempt that runs, 0 while none does
        ("dispatched_at", ctypes.c_double),  # when the broker last sent a message for this slot
    )

    def take(self, pid: int) -> None:
        """A worker process takes the slot."""
        self.deadline = 0.0
        self.heartbeat_at = time.monotonic()
        self.pid = pid

    def leave(self) -> None:
        """The slot is free again."""
        self.pid = 0
        self.deadline = 0.0


class ClusterMemory:
    """Made by the supervisor before it forks; every process of the cluster sees the same bytes."""

    def __init__(self, workers: int) -> None:
        self._slots = RawArray(Slot, workers)
        self._draining = RawValue(ctypes.c_bool, False)
        self._sentinel_heartbeat_at = RawValue(ctypes.c_double, time.monotonic())
        self._stat = RawArray(ctypes.c_char, STAT_BYTES)

    @property
    def slots(self) -> list[Slot]:
        return [self._slots[index] for index in range(len(self._slots))]

    @property
    def draining(self) -> bool:
        """Whether workers should finish what they run and leave."""
        return bool(self._draining.value)

    def drain(self) -> None:
        self._draining.value = True

    def record_sentinel_heartbeat(self) -> None:
        self._sentinel_heartbeat_at.value = time.monotonic()

    @property
    def sentinel_silent_seconds(self) -> float:
        return time.monotonic() - self._sentinel_heartbeat_at.value

    def write_stat(self, stat: dict[str, Any]) -> None:
        """Leave the sentinel's statistics for the broker to store."""
        encoded = json.dumps(stat, default=str).encode()
        if len(encoded) < STAT_BYTES:
            self._stat.value = encoded

    def read_stat(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._stat.value or b"{}"))
        except ValueError:  # read while it was being written: the next read, a second later, will do
            return {}


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
