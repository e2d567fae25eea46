"""The supervisor, main process of `qcluster`: starts a cluster, watches it, ends what must be ended.

It alone ends workers and frees the slots of those that died, so it knows what each death means for the task that ran.
"""

import logging
import os
import select
import time
from contextlib import suppress
from typing import Any

from queueapp.claiming import Capabilities
from queueapp.models.base import new_id
from queueapp.process_identity import is_same_process, read_stat
from queueapp.tasks.attempt import AttemptKey
from queueapp.tasks.deaths import Ending
from queueapp.worker.descendants import adopt_orphans
from queueapp.worker.processes.cluster import ServeCluster
from queueapp.worker.processes.custodian import Custodian
from queueapp.worker.processes.family import children, kill_orphans, kill_tree, reap
from queueapp.worker.processes.shared_memory import ClusterMemory, ServeOptions, Slot, set_options
from queueapp.worker.processes.worker_watch import Verdict, WorkerWatch

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 0.1
IDLE_POLL_INTERVAL_SECONDS = 0.5  # while no worker executes anything
FROZEN_SECONDS = 2.0  # between two looks: the machine or the container stood still
SENTINEL_SILENT_SECONDS = 5.0
SLOT_DEAD_SECONDS = 10.0
STUCK_DRAIN_SECONDS = 2.0  # with all slots free
KILL_AFTER_DRAIN_SECONDS = 1.0
KILLED_SECONDS = 1.0  # until a killed process is gone
SETTLE_SECONDS = 0.8  # at most, of deaths at the end; `docker stop` kills after 10 s


class Supervisor:
    """Runs until SIGTERM, SIGINT or an operator ends it, then drains: running tasks have `drain_seconds` to finish.

    Nothing new is started then. A second signal ends these at once.
    """

    def __init__(
        self, capabilities: Capabilities, memory: ClusterMemory, *, drain_seconds: float, strategy: str | None = None
    ) -> None:
        self._capabilities = capabilities
        self._memory = memory
        self._drain_seconds = drain_seconds
        self._strategy = strategy
        self._times_asked_to_stop = 0
        self._woken, self._wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)  # a signal alone ends no wait of Python's
        self._watched_at = self._started = time.monotonic()
        self._watch = WorkerWatch(self._started)
        self._ended: dict[int, tuple[Ending, AttemptKey | None]] = {}  # by process id: what we killed, and over what
        self._seen_dead: set[int] = set()
        self._has_orphans = False
        self._earlier_children: list[int] = []
        self._cluster: ServeCluster

    def run(self) -> None:
        self._earlier_children = children(os.getpid())  # of a script that has become this process by `exec`
        adopt_orphans()
        self._start_generation()
        try:
            self._supervise()
            self._drain()
        except BaseException:
            self._cluster.kill()  # or Python would wait for its end, while nobody looks after the workers
            raise

    def _supervise(self) -> None:
        while not self._times_asked_to_stop and not self._memory.drain_is_asked:
            select.select([self._woken], [], [], self._poll_interval())
            self._look_after_workers()
            if fault := self._fault():
                logger.error("cluster replaced: %s", fault, extra={"event": "cluster_replaced"})
                self._end_generation()
                self._start_generation()

    def _poll_interval(self) -> float:
        is_busy = self._seen_dead or any(slot.first_limit for slot in self._memory.slots)
        return POLL_INTERVAL_SECONDS if is_busy else IDLE_POLL_INTERVAL_SECONDS

    def _on_signal(self) -> None:
        self._times_asked_to_stop += 1
        with suppress(BlockingIOError):  # it is full, so it wakes us
            os.write(self._wakes, b".")

    def _start_generation(self) -> None:
        options = ServeOptions(new_id(), self._capabilities, self._strategy, self._memory)
        set_options(options)
        self._memory.record_sentinel_heartbeat()
        self._cluster = ServeCluster(options, self._on_signal)
        self._cluster.start()
        self._watched_at = self._started = time.monotonic()
        self._watch.restart(self._started)

    def _end_generation(self) -> None:
        """Kill what is left of it. Its workers' tasks are released: they have done nothing."""
        self._bury_dead()
        for slot in self._memory.slots:
            if slot.pid:
                self._ended.setdefault(slot.pid, (Ending.RELEASED, slot.running))
                if not _is_gone(slot):  # its process id may be another's by now
                    _log_killed(slot, "its cluster has ended")
                    kill_tree(slot.pid)
        self._cluster.kill()
        deadline = time.monotonic() + KILLED_SECONDS
        while any(slot.pid for slot in self._memory.slots) and time.monotonic() < deadline:
            self._bury_dead()
            time.sleep(0.01)
        self._has_orphans = True
        self._let_go()

    def _fault(self) -> str | None:
        """Why this generation is beyond repair, if it is."""
        now = time.monotonic()
        if not self._cluster.sentinel.is_alive():
            return "the sentinel died"
        if now - max(self._memory.sentinel_heartbeat_at, self._watch.restarted_at) > SENTINEL_SILENT_SECONDS:
            return "the sentinel is silent"
        for slot in self._memory.slots:
            if slot.pid == 0 and now - max(slot.heartbeat_at, self._watch.restarted_at) > SLOT_DEAD_SECONDS:
                return "no process takes a worker slot"
        return None

    def _look_after_workers(self) -> None:
        """End workers that must be ended, and free the slots of those that have."""
        now = time.monotonic()
        if now - self._watched_at > FROZEN_SECONDS:
            self._watch.restart(now)
        self._watched_at = now
        self._bury_dead()
        for slot in self._memory.slots:
            pid = slot.pid
            stat = read_stat(pid) if pid and pid not in self._ended else None
            verdict = self._watch.judge(slot, stat, now) if stat and stat.start_ticks == slot.start_ticks else None
            if verdict:
                self._end(pid, slot, verdict)
        self._let_go()

    def _end(self, pid: int, slot: Slot, verdict: Verdict) -> None:
        _log_killed(slot, verdict.reason)
        self._ended[pid] = (verdict.ending, slot.running)
        kill_tree(pid)

    def _bury_dead(self) -> None:
        """Free the slots of processes that are gone, and record what that means for what they held."""
        gone = {slot.pid: slot for slot in self._memory.slots if slot.pid and _is_gone(slot)}
        for pid, slot in gone.items():
            # at the second look: the sentinel may be dying of the same blow, and then nobody is to blame
            if pid in self._seen_dead and self._memory.record_death(slot, self._ending_of(pid, slot)):
                self._has_orphans = True
        self._seen_dead = set(gone)
        occupied = {slot.pid for slot in self._memory.slots}
        self._ended = {pid: ended for pid, ended in self._ended.items() if pid in occupied}

    def _ending_of(self, pid: int, slot: Slot) -> Ending:
        if pid in self._ended:
            ending, over = self._ended[pid]
        else:
            excused = slot.asks_to_end or not self._cluster.sentinel.is_alive()
            ending, over = Ending.RELEASED if excused else Ending.CRASHED, slot.running
        if ending is Ending.CRASHED and slot.is_crowded:
            return Ending.UNCLEAR
        # it may have gone on to another task just before it was killed, which has done nothing
        return ending if slot.running == over or ending is Ending.UNCLEAR else Ending.RELEASED

    def _let_go(self) -> None:
        """End what dead workers have left to us, and let go of what has ended."""
        sentinel = self._cluster.sentinel.pid
        if self._has_orphans:
            kill_orphans(spared={sentinel, *self._earlier_children})
            self._has_orphans = False
        reap(spared=sentinel)

    def _drain(self) -> None:
        """Let the running tasks finish in time; end what does not."""
        asked = self._times_asked_to_stop
        busy_at = time.monotonic()
        self._memory.drain(until=busy_at + self._drain_seconds)
        while self._cluster.sentinel.is_alive():
            time.sleep(POLL_INTERVAL_SECONDS / 2)
            self._look_after_workers()
            now = time.monotonic()
            if self._times_asked_to_stop > asked:
                self._memory.drain(until=min(now, self._memory.drain_until))
            if any(slot.pid for slot in self._memory.slots):
                busy_at = now
            if now > self._memory.drain_until + KILL_AFTER_DRAIN_SECONDS or now > busy_at + STUCK_DRAIN_SECONDS:
                logger.warning("cluster killed: it did not drain in time", extra={"event": "cluster_replaced"})
                break
        self._end_generation()
        self._settle_deaths()

    def _settle_deaths(self) -> None:
        """By a custodian of our own, the cluster's is gone. Where the database is away a crash is counted later."""
        if not self._memory.deaths():
            return
        Custodian(self._memory).start()
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._memory.deaths() and time.monotonic() < deadline:
            time.sleep(0.01)


def _log_killed(slot: Slot, reason: str) -> None:
    """The line of a worker that we end: of its task, where it executes one now and not merely did so last."""
    about: dict[str, Any] = {"event": "worker_killed", "pid": slot.pid}
    if slot.first_limit and (running := slot.running):
        about |= {"event": "task_killed", "task_id": str(running[0]), "attempt": running[1]}
    logger.error("worker killed: %s", reason, extra=about)


def _is_gone(slot: Slot) -> bool:
    """Whether the process that took the slot has ended, and not by leaving it."""
    pid = slot.pid
    return not is_same_process(pid, slot.start_ticks) and slot.pid == pid
