"""The watchdog's own life: it must outlast whatever goes wrong in it."""

import logging

from queueapp.models.base import new_id
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.processes.shared_memory import ClusterMemory
from queueapp.worker.watchdog import Watchdog
from tests.waiting import wait_until


class FaultyKeeper:
    """As where the process may open no more files."""

    still_ours, is_resting = True, False

    @property
    def has_work(self):
        raise OSError(24, "Too many open files")


class IdlePool:
    def watch(self, now): ...


def test_a_fault_in_the_watchdog_does_not_silence_it(caplog):
    memory = ClusterMemory(1)
    slot = memory.slots[0]
    slot.take(new_id())
    watchdog = Watchdog(FaultyKeeper(), PrefetchBuffer(), slot, memory, None, IdlePool(), None)
    with caplog.at_level(logging.ERROR):
        watchdog.start()
        wait_until(lambda: len(caplog.records) >= 2)
        assert watchdog.is_alive()
        watchdog.stop()
    assert {record.event for record in caplog.records} == {"heartbeat_failed"}
