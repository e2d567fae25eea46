"""Shared memory of one cluster: a slot for each worker process, who died, last heartbeats, and the order to drain.

No locks anywhere: a process killed while holding one would block all the others for ever. Each field has one
writer at a time and is one machine word, but for the statistics, which are only shown. The supervisor makes it once,
so that it outlives what it forks.
"""

import ctypes
import json
import os
import struct
import time
from dataclasses import dataclass
from enum import IntEnum
from multiprocessing.sharedctypes import RawArray, RawValue
from typing import Any
from uuid import UUID

from queueapp.claiming import Capabilities
from queueapp.process_identity import start_ticks
from queueapp.tasks.attempt import AttemptKey
from queueapp.tasks.deaths import Ending

STAT_BYTES = 8_192
DEATHS_KEPT = 256  # while the database is away; more of them wait in their slots

_ENDINGS = list(Ending)
_Id = ctypes.c_uint8 * 16
NIL = UUID(int=0)


class AsksToEnd(IntEnum):
    """Why a worker asks the supervisor to end it. What it held is released."""

    NO = 0
    DATABASE_SILENT = 1
    DRAIN_DISOBEYED = 2
    NOT_SIGNED_OFF = 3
    LOOP_BLOCKED = 4


class Slot(ctypes.Structure):
    """One place for a worker process. Times are time.monotonic(), which all processes of a machine share.

    Its worker writes it, from `take` to `leave`. The supervisor frees the slot of one that died.
    """

    _fields_ = (
        ("pid", ctypes.c_int64),  # 0: free
        ("start_ticks", ctypes.c_int64),  # with the pid, the process, whatever becomes of the clock
        ("worker_id", _Id),
        ("heartbeat_at", ctypes.c_double),  # when the worker was last seen alive, or the slot became free
        ("dispatched_at", ctypes.c_double),  # when the broker last sent a message for this slot
        ("asks_to_end", ctypes.c_int64),  # one of AsksToEnd
        ("is_computing", ctypes.c_int64),  # the supervisor's: silent, and using the processor
        # of attempts on the event loop how many run, and the one whose limit comes first; written together
        ("concurrent", ctypes.c_int64),
        ("first_kill_at", ctypes.c_double),  # 0: nobody knows whose it would be
        ("first_id", _Id),
        ("first_attempt", ctypes.c_int64),
        # of the attempt in the main thread; written together, too
        ("kill_at", ctypes.c_double),  # when the attempt that runs has exceeded every limit; 0 while none runs
        ("running_id", _Id),  # the task that runs, or ran last: the one to blame
        ("running_attempt", ctypes.c_int64),
    )

    def take(self, worker_id: UUID) -> None:
        """This process takes the slot."""
        self.start_ticks = start_ticks(os.getpid()) or 0  # never 0, since we live
        self.worker_id = _Id(*worker_id.bytes)
        self.asks_to_end = self.is_computing = self.running_attempt = self.concurrent = self.first_attempt = 0
        self.kill_at = self.first_kill_at = 0.0
        self.heartbeat_at = time.monotonic()
        self.pid = os.getpid()

    def begin(self, task_id: UUID, attempt: int, kill_at: float) -> None:
        """An attempt is about to run."""
        # once a task: what UUID.bytes does, at half its price
        _RUNNING.pack_into(self, _RUNNING_OFFSET, kill_at, task_id.int.to_bytes(16, "big"), attempt)

    def begin_concurrent(self, count: int, first: AttemptKey | None, kill_at: float) -> None:
        """So many attempts run on the event loop. The limit of `first` comes first, at `kill_at`."""
        task_id, attempt = (first[0].bytes, first[1]) if first else (bytes(16), 0)
        _CONCURRENT.pack_into(self, _CONCURRENT_OFFSET, count, kill_at, task_id, attempt)

    def leave(self) -> None:
        """The slot is free again."""
        self.kill_at = self.first_kill_at = self.dispatched_at = 0.0
        self.concurrent = 0
        self.is_computing = 0  # or the custodian would renew what a dead worker holds
        self.heartbeat_at = time.monotonic()
        self.pid = 0

    @property
    def is_crowded(self) -> bool:
        """Whether several attempts run, so that nobody can tell which of them a death is due to."""
        return self.concurrent + bool(self.kill_at) > 1

    @property
    def first_limit(self) -> float:
        """When an attempt has exceeded every limit; 0 while none runs."""
        return min(filter(None, (self.kill_at, self.first_kill_at)), default=0.0)

    @property
    def running(self) -> AttemptKey | None:
        """The attempt that runs, or ran last; of several the one whose limit comes first."""
        if self.first_kill_at and self.first_kill_at == self.first_limit:
            return _attempt_key(self.first_id, self.first_attempt)
        return _attempt_key(self.running_id, self.running_attempt)


_CONCURRENT, _RUNNING = struct.Struct("qd16sq"), struct.Struct("d16sq")
_RUNNING_OFFSET = ctypes.sizeof(Slot) - _RUNNING.size
_CONCURRENT_OFFSET = _RUNNING_OFFSET - _CONCURRENT.size


class Death(ctypes.Structure):
    """A worker whose process ended without signing off, until the database knows of it."""

    _fields_ = (
        ("is_pending", ctypes.c_int64),  # written last; 0: free
        ("worker_id", _Id),
        ("running_id", _Id),
        ("running_attempt", ctypes.c_int64),
        ("ending", ctypes.c_int64),
    )

    def record(self, slot: Slot, ending: Ending) -> None:
        task_id, attempt = slot.running or (NIL, 0)
        self.worker_id, self.running_id, self.running_attempt = slot.worker_id, _Id(*task_id.bytes), attempt
        self.ending = _ENDINGS.index(ending)
        self.is_pending = 1

    def read(self) -> tuple[UUID, AttemptKey | None, Ending]:
        """The worker, the attempt to blame, and how the process ended."""
        running = _attempt_key(self.running_id, self.running_attempt)
        return UUID(bytes=bytes(self.worker_id)), running, _ENDINGS[self.ending]


def _attempt_key(task_id: ctypes.Array[ctypes.c_uint8], attempt: int) -> AttemptKey | None:
    return (UUID(bytes=bytes(task_id)), attempt) if attempt else None


class ClusterMemory:
    """Made by the supervisor before it forks; every process of the cluster sees the same bytes."""

    def __init__(self, workers: int) -> None:
        slots, deaths = RawArray(Slot, workers), RawArray(Death, DEATHS_KEPT)
        self.slots: list[Slot] = [slots[index] for index in range(workers)]
        self._deaths: list[Death] = [deaths[index] for index in range(DEATHS_KEPT)]
        self._drain_until = RawValue(ctypes.c_double, 0.0)
        self._drain_is_asked = RawValue(ctypes.c_int64, 0)
        self._sentinel_heartbeat_at = RawValue(ctypes.c_double, time.monotonic())
        self._stat = RawArray(ctypes.c_char, STAT_BYTES)

    @property
    def draining(self) -> bool:
        """Whether workers should finish what they run and leave."""
        return bool(self._drain_until.value)

    @property
    def drain_until(self) -> float:
        """When what still runs is interrupted; infinite while nothing drains."""
        return self._drain_until.value or float("inf")

    def drain(self, *, until: float) -> None:
        self._drain_until.value = until

    @property
    def drain_is_asked(self) -> bool:
        """Whether the supervisor should drain, as at SIGTERM."""
        return bool(self._drain_is_asked.value)

    def ask_to_drain(self) -> None:
        self._drain_is_asked.value = 1

    def record_death(self, slot: Slot, ending: Ending) -> bool:
        """Move a dead worker out of its slot, which is free then. False where there is no room."""
        death = next((death for death in self._deaths if not death.is_pending), None)
        if death is None:
            return False
        death.record(slot, ending)
        slot.leave()
        return True

    def deaths(self) -> list[Death]:
        """Those that the database does not know of."""
        return [death for death in self._deaths if death.is_pending]

    def record_sentinel_heartbeat(self) -> None:
        self._sentinel_heartbeat_at.value = time.monotonic()

    @property
    def sentinel_heartbeat_at(self) -> float:
        return self._sentinel_heartbeat_at.value

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
