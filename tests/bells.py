"""Counting rings: they are sent and not waited for, so first let Redis read all that was sent."""

from queueapp import doorbell
from queueapp.models.base import new_id
from tests.waiting import wait_until

MARK = "taskrunner:test:mark"


def rings(queue: str = "default") -> int:
    """How many tokens lie on a queue's bell."""
    let_rings_arrive()
    return int(doorbell.client().llen(doorbell.bell_of(queue)))


def let_rings_arrive() -> None:
    """Everything this process has rung has reached Redis: a mark sent after it on the same connection has."""
    mark = str(new_id())
    doorbell._hand.send(doorbell._packed(("SET", MARK, mark)))
    wait_until(lambda: doorbell.client().get(MARK) == mark.encode())
    doorbell.client().delete(MARK)
