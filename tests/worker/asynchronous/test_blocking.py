"""What is known of a blocked event loop: who blocks it, whose limit counts, and that the others are not to blame."""

import time

import pytest

from queueapp.worker.processes.shared_memory import AsksToEnd
from tests.waiting import wait_until


@pytest.fixture
def blocked(pool_of, tmp_path):
    """To start with `start("block")`: a pool whose loop that handler keeps, its attempt, and a neighbour."""
    marks = tmp_path / "neighbour", tmp_path / "blocker"

    def start(hostile):
        worker = pool_of(1)
        (neighbour,) = worker.start("async.wait", mark=str(marks[0]))
        (blocker,) = worker.start(f"async.{hostile}", mark=str(marks[1]))
        wait_until(marks[1].exists)
        wait_until(lambda: watched(worker, neighbour))
        return worker, blocker, neighbour

    def watched(worker, neighbour):
        worker.pool.watch(time.monotonic())
        return worker.pool.is_held_up(neighbour)

    def end():
        for mark in marks:
            mark.with_name(f"{mark.name}.go").touch()

    yield start, end
    end()


def test_the_attempt_that_blocks_is_known_and_the_others_time_stands_still(blocked):
    start, end = blocked
    worker, blocker, neighbour = start("block")
    assert not worker.pool.is_held_up(blocker)
    assert (worker.slot.running, worker.slot.first_limit) == (blocker.key, blocker.kill_at)
    assert worker.slot.is_crowded
    worker.pool.watch(neighbour.kill_at + 1)
    assert not worker.slot.asks_to_end
    deadline = neighbour.deadline
    end()
    worker.outcomes()
    assert neighbour.deadline > deadline
    assert blocker.held_up_seconds == 0
    assert not worker.slot.is_crowded


def test_where_a_callback_blocks_nobody_is_named_and_at_the_first_limit_the_worker_asks_to_end(blocked):
    start, _end = blocked
    worker, blocker, neighbour = start("block_in_callback")
    assert worker.pool.is_held_up(blocker)
    assert worker.slot.first_limit == 0
    worker.pool.watch(neighbour.kill_at - 1)
    assert not worker.slot.asks_to_end
    worker.pool.watch(neighbour.kill_at + 1)
    assert worker.slot.asks_to_end == AsksToEnd.LOOP_BLOCKED
