"""django-q2's broker, as we need it: it sends each free worker slot one message, "serve", built in this process.

No task and no pickle crosses Redis or the database. The process that runs `dequeue` (django-q2's pusher) also has the
threads that work at the database for the whole cluster.
"""

import time
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from django_q.brokers import Broker
from django_q.signing import SignedPackage
from django_q.status import Stat

from queueapp.worker import heartbeats
from queueapp.worker.processes.custodian import Custodian, Maintenance
from queueapp.worker.processes.shared_memory import get_options

CYCLE_SECONDS = 0.2
DISPATCH_AGAIN_SECONDS = 2.0  # long enough for a fresh process to take up its slot
STAT_FIELDS = (
    "pid",
    "host",
    "sentinel",
    "monitor",
    "pusher",
    "workers",
    "status",
    "reincarnations",
    "tob",
    "timestamp",
    "task_q_size",
    "done_q_size",
)


class ServeBroker(Broker):  # type: ignore[misc]
    """Made by django-q2 in the sentinel; used in the pusher, and by qinfo and qmonitor for statistics."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._has_threads = False

    def enqueue(self, task: Any) -> NoReturn:
        raise RuntimeError("django-q2's own queue is off: use queueapp.submit(type, params) instead of async_task().")

    def dequeue(self) -> list[tuple[None, str]] | None:
        """One cycle of the pusher: a message for each free slot. Waits for no network."""
        if not self._has_threads:
            self._start_threads()
        time.sleep(CYCLE_SECONDS)
        return [(None, _serve_message(number)) for number in self._free_slots()] or None

    def _free_slots(self) -> list[int]:
        memory = get_options().memory
        if memory.draining:
            return []
        now = time.monotonic()
        free = [
            number
            for number, slot in enumerate(memory.slots)
            if slot.pid == 0 and now - slot.dispatched_at > DISPATCH_AGAIN_SECONDS
        ]
        for number in free:
            memory.slots[number].dispatched_at = now
        return free

    def _start_threads(self) -> None:
        options = get_options()
        maintenance = Maintenance(options)
        maintenance.start()
        Custodian(options.memory, maintenance).start()
        self._has_threads = True

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Called in the sentinel's guard loop, which must never wait: leaves the statistics in shared memory."""
        options = get_options()
        options.memory.record_sentinel_heartbeat()
        stat = SignedPackage.loads(value)
        options.memory.write_stat({name: getattr(stat, name) for name in STAT_FIELDS} | {"id": str(stat.cluster_id)})

    def get_stat(self, key: str) -> str | None:
        return next((pack for pack in self.get_stats("") if SignedPackage.loads(pack).key == key), None)

    def get_stats(self, pattern: str) -> list[str]:
        """The live clusters' statistics, packed in this process the way qinfo and qmonitor unpack them."""
        return [_pack(stat) for stat in heartbeats.live_stats()]

    def queue_size(self) -> int:
        return 0

    def ping(self) -> bool:
        return True

    def info(self) -> str:
        return "Taskrunner (PostgreSQL, notified over Redis)"


def _serve_message(slot_number: int) -> str:
    return str(
        SignedPackage.dumps(
            {
                "id": f"serve-{slot_number}",
                "name": f"serve-{slot_number}",
                "func": "queueapp.worker.main_loop.serve",
                "args": (slot_number,),
                "kwargs": {},
                "save": False,
                "timeout": -1,
                "started": None,
            }
        )
    )


def _pack(stat: dict[str, Any]) -> str:
    status = Stat.__new__(Stat)
    for name in STAT_FIELDS:
        setattr(status, name, stat.get(name))
    status.cluster_id = UUID(stat["id"])
    status.tob = datetime.fromisoformat(stat["tob"])
    status.timestamp = datetime.fromisoformat(stat["timestamp"])
    status.broker = None
    return str(SignedPackage.dumps(status, True))
