"""The supervisor, main process of `qcluster`: starts a cluster, watches its heartbeats, replaces it when it fails."""

import logging
import os
import signal
import time
from contextlib import suppress
from types import FrameType

from queueapp.claiming import Capabilities
from queueapp.models.base import new_id
from queueapp.worker.processes.cluster import ServeCluster
from queueapp.worker.processes.shared_memory import ClusterMemory, ServeOptions, Slot, set_options

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 0.1
SENTINEL_SILENT_SECONDS = 5.0
SLOT_DEAD_SECONDS = 10.0
HARD_LIMIT_GRACE_SECONDS = 1.0
STUCK_DRAIN_SECONDS = 5.0  # with no task running any more


class Supervisor:
    """Runs until SIGTERM or SIGINT, then drains: running tasks finish, nothing new is started."""

    def __init__(self, capabilities: Capabilities, *, workers: int, strategy: str | None = None) -> None:
        self._capabilities = capabilities
        self._workers = workers
        self._strategy = strategy
        self._asked_to_stop = False
        self._memory: ClusterMemory
        self._cluster: ServeCluster

    def run(self) -> None:
        self._start_generation()
        while not self._asked_to_stop:
            time.sleep(POLL_INTERVAL_SECONDS)
            self._kill_stuck_workers()
            fault = self._fault()
            if fault:
                logger.error("cluster replaced: %s", fault, extra={"event": "cluster_replaced"})
                self._replace()
        self._drain()

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _start_generation(self) -> None:
        self._memory = ClusterMemory(self._workers)
        options = ServeOptions(new_id(), self._capabilities, self._strategy, self._memory)
        set_options(options)
        self._cluster = ServeCluster(options)
        self._cluster.start()
        for wanted in (signal.SIGTERM, signal.SIGINT):  # after django-q2's cluster has taken them for itself
            signal.signal(wanted, self._on_signal)
        self._started = time.monotonic()

    def _replace(self) -> None:
        self._cluster.kill()
        self._start_generation()

    def _fault(self) -> str | None:
        """Why this generation is beyond repair, if it is."""
        if not self._cluster.sentinel.is_alive():
            return "the sentinel died"
        if self._memory.sentinel_silent_seconds > SENTINEL_SILENT_SECONDS:
            return "the sentinel is silent"
        if any(self._silent_seconds(slot) > SLOT_DEAD_SECONDS for slot in self._memory.slots):
            return "a worker slot stays dead"
        return None

    def _silent_seconds(self, slot: Slot) -> float:
        return time.monotonic() - max(slot.heartbeat_at, self._started)

    def _kill_stuck_workers(self) -> None:
        """End workers whose handler holds the interpreter, so that their own watchdog cannot."""
        now = time.monotonic()
        for slot in self._memory.slots:
            deadline = slot.deadline  # read once: the worker sets it to 0 between any two reads
            overdue = deadline and now > deadline + HARD_LIMIT_GRACE_SECONDS
            silent = self._silent_seconds(slot) > SLOT_DEAD_SECONDS / 2
            if slot.pid and (overdue or silent):
                logger.error("worker killed: it does not answer", extra={"event": "task_killed", "pid": slot.pid})
                _kill(slot.pid)
                # the broker frees the slot; until then the number must not be killed again, it may be someone else's
                slot.deadline, slot.heartbeat_at = 0.0, now

    def _drain(self) -> None:
        """Let the running tasks finish; kill the group where it then does not end by itself."""
        self._memory.drain()
        self._cluster.stop_event.set()
        idle_since = time.monotonic()
        while self._cluster.sentinel.is_alive():
            time.sleep(POLL_INTERVAL_SECONDS)
            self._kill_stuck_workers()
            if any(slot.pid and slot.deadline for slot in self._memory.slots):
                idle_since = time.monotonic()
            if time.monotonic() - idle_since > STUCK_DRAIN_SECONDS:
                logger.error("cluster killed: it did not drain", extra={"event": "cluster_replaced"})
                self._cluster.kill()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it went by itself
        os.kill(pid, signal.SIGKILL)
