"""Pausing a queue so that nothing of it starts any more once the call has returned.

The pause commits first. Each live worker hears of it within a second, hands back what it has not started, and confirms
in its row. A claim that was in flight is handed back as well (worker/pauses.py).
"""

import time
from uuid import UUID

from queueapp.tasks.queries import unconfirmed_workers
from queueapp.tenancy import system_scope

CONFIRM_SECONDS = 5.0
POLL_INTERVAL_SECONDS = 0.05


def await_pause(queue: str) -> list[UUID]:
    """Wait until nothing of a paused queue can start any more. Call it when the pause has committed.

    Returns the live workers that have not confirmed within five seconds, e.g. while C code keeps their interpreter:
    each may start one of the tasks that it holds until it hears of the pause.
    """
    deadline = time.monotonic() + CONFIRM_SECONDS
    while True:
        with system_scope("pause"):
            unconfirmed = unconfirmed_workers(queue)
        if not unconfirmed or time.monotonic() > deadline:
            return unconfirmed
        time.sleep(POLL_INTERVAL_SECONDS)
