"""django-q2's cluster and sentinel, made to survive: a session of their own, signals ignored, ended together."""

import ctypes
import os
import signal
from multiprocessing import Event
from typing import Any

from django import db
from django_q.cluster import Cluster, Sentinel, get_mp_context
from django_q.conf import Conf

from queueapp.worker.processes.django_q_settings import ATTRIBUTES, Q_CLUSTER
from queueapp.worker.processes.shared_memory import ServeOptions, get_options

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it dies, however it dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class ServeSentinel(Sentinel):  # type: ignore[misc]
    """Guards the workers. Only the stop event drains: signals sent to a whole group must not tear it apart."""

    def __init__(self, *args: Any) -> None:
        os.setsid()  # so that the supervisor can kill all of us as one group
        die_with_parent()
        # every process forked from here on, workers' own children included
        os.register_at_fork(after_in_child=die_with_parent)
        super().__init__(*args, start=False)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.start()

    def stop(self) -> None:
        get_options().memory.drain()
        super().stop()


class ServeCluster(Cluster):  # type: ignore[misc]
    """One generation of a cluster: started once, and when it fails replaced by the next."""

    def __init__(self, options: ServeOptions) -> None:
        super().__init__()
        _configure_django_q(workers=len(options.memory.slots))
        self.cluster_id = options.cluster_id

    def start(self) -> int:
        """Fork the sentinel. Unlike the original, does not wait for it: the supervisor watches."""
        db.connections.close_all()  # a connection must not be shared over a fork
        self.stop_event = Event()
        self.start_event = Event()
        self.sentinel = get_mp_context().Process(
            target=ServeSentinel, args=(self.stop_event, self.start_event, self.cluster_id, self.broker, self.timeout)
        )
        self.sentinel.start()
        return int(self.pid)

    def kill(self) -> None:
        """End the generation at once, in any state."""
        pid = self.sentinel.pid
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            self.sentinel.kill()  # it died before it had made its group; its children die with it
        self.sentinel.join()


def _configure_django_q(workers: int) -> None:
    """For this process and those it forks, whatever the project's own Q_CLUSTER says."""
    for key, value in {**Q_CLUSTER, "workers": workers, "queue_limit": workers}.items():
        setattr(Conf, ATTRIBUTES.get(key, key.upper()), value)
