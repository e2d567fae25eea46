"""django-q2's cluster and sentinel, made to survive: a session of their own, signals ignored, ended together."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from multiprocessing import Event
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from django import db
from django_q.cluster import Cluster, Sentinel, get_mp_context
from django_q.conf import Conf
from django_q.status import Stat

from queueapp.worker.processes.django_q_settings import ATTRIBUTES, Q_CLUSTER
from queueapp.worker.processes.family import children_die_with_us, die_with
from queueapp.worker.processes.shared_memory import ClusterMemory, ServeOptions, get_options

DRAIN_CYCLE_SECONDS = 0.02
LEAST_CYCLE_SECONDS = 0.2
DRAIN_NOTICED_SECONDS = 0.25
LEAVING_SECONDS = 0.5  # for workers that have left their slot to end


class ServeSentinel(Sentinel):  # type: ignore[misc]
    """Guards the workers. Only the order to drain ends it: signals sent to a whole group must not tear it apart."""

    def __init__(self, parent: int, stop_event: "DrainOrder", *args: Any) -> None:
        os.setsid()  # so that the supervisor can kill us as one group
        die_with(parent)
        children_die_with_us()
        super().__init__(stop_event, *args, start=False)
        stop_event.children = lambda: (*self.pool, self.pusher, self.monitor)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.start()

    def stop(self) -> None:
        """Once the workers have left their slots end the rest, which holds nothing.

        django-q2's own way asks each process over a queue and waits for it, several seconds in all.
        """
        slots = get_options().memory.slots
        serving = {slot.pid for slot in slots}
        while any(slot.pid for slot in slots):
            Stat(self).save()
            time.sleep(DRAIN_CYCLE_SECONDS)
        _join((process for process in self.pool if process.pid in serving), LEAVING_SECONDS)
        for process in (*self.pool, self.pusher, self.monitor):
            process.kill()
            process.join()


class DrainOrder:
    """What django-q2 takes for its stop event. One of multiprocessing's has a lock, which a killed process keeps."""

    def __init__(self, memory: ClusterMemory) -> None:
        self._memory = memory
        self.children: Callable[[], Iterable[BaseProcess]] = tuple  # of the sentinel that waits

    def is_set(self) -> bool:
        return self._memory.draining

    def wait(self, seconds: float) -> bool:
        """Return early for a drain, and for a child that has ended, though not so early that we fork without pause."""
        time.sleep(LEAST_CYCLE_SECONDS)
        ends = time.monotonic() + seconds - LEAST_CYCLE_SECONDS
        sentinels = [child.sentinel for child in self.children()]
        while not self.is_set() and (left := ends - time.monotonic()) > 0:
            if wait_for_any(sentinels, min(left, DRAIN_NOTICED_SECONDS)):
                break
        return self.is_set()


class ServeCluster(Cluster):  # type: ignore[misc]
    """One generation of a cluster: started once, and when it fails replaced by the next."""

    def __init__(self, options: ServeOptions, on_signal: Callable[[], None]) -> None:
        """Calls `on_signal` at SIGTERM and SIGINT."""
        self._on_signal = on_signal
        super().__init__()
        _configure_django_q(workers=len(options.memory.slots))
        self.cluster_id = options.cluster_id
        self._memory = options.memory

    def start(self) -> int:
        """Fork the sentinel. Unlike the original, does not wait for it: the supervisor watches."""
        db.connections.close_all()  # a connection must not be shared over a fork
        self.stop_event = DrainOrder(self._memory)
        self.start_event = Event()
        events = (self.stop_event, self.start_event)
        self.sentinel = get_mp_context().Process(
            target=ServeSentinel, args=(os.getpid(), *events, self.cluster_id, self.broker, self.timeout)
        )
        self.sentinel.start()
        return int(self.pid)

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        self._on_signal()

    def kill(self) -> None:
        """End the generation at once, in any state."""
        pid = self.sentinel.pid
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            self.sentinel.kill()  # it died before it had made its group
        # its children die with it, workers too, which have groups of their own
        self.sentinel.join()


def _join(processes: Iterable[BaseProcess], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))


def _configure_django_q(workers: int) -> None:
    """For this process and those it forks, whatever the project's own Q_CLUSTER says."""
    for key, value in {**Q_CLUSTER, "workers": workers, "queue_limit": workers}.items():
        setattr(Conf, ATTRIBUTES.get(key, key.upper()), value)
