"""A worker's slot in shared memory, and the note of its death."""

from queueapp.models.base import new_id
from queueapp.tasks.deaths import Ending
from queueapp.worker.processes.shared_memory import ClusterMemory


def test_a_death_frees_the_slot_and_keeps_whom_to_blame():
    memory = ClusterMemory(1)
    (slot,) = memory.slots
    worker, task = new_id(), new_id()
    slot.take(worker)
    slot.begin(task, 3, kill_at=1.0)
    slot.is_computing = 1
    assert memory.record_death(slot, Ending.TIMED_OUT)
    assert (slot.pid, slot.kill_at, slot.is_computing) == (0, 0.0, 0)  # nobody renews what it held
    assert [death.read() for death in memory.deaths()] == [(worker, (task, 3), Ending.TIMED_OUT)]


def test_a_death_for_which_there_is_no_room_keeps_its_slot():
    memory = ClusterMemory(1)
    (slot,) = memory.slots
    recorded = 0
    slot.take(new_id())
    while memory.record_death(slot, Ending.CRASHED):
        recorded += 1
        slot.take(new_id())
    assert slot.pid
    assert len(memory.deaths()) == recorded
    memory.deaths()[0].is_pending = 0
    assert memory.record_death(slot, Ending.CRASHED)
