"""Counting rings: they are sent and not waited for, so first let Redis read all that was sent."""

from queueapp.models.base import new_id
from queueapp.redis import notifier
from tests.waiting import wait_until

MARK = "taskrunner:test:mark"


def rings(queue: str = "default") -> int:
    """How many tokens lie on a queue's bell."""
    let_rings_arrive()
    return int(notifier.client().llen(notifier.bell_of(queue)))


def let_rings_arrive() -> None:
    """Everything this process has rung has reached Redis: a mark sent after it on the same connection has."""
    mark = str(new_id())
    notifier._hand.send(notifier._packed(("SET", MARK, mark)))
    wait_until(lambda: notifier.client().get(MARK) == mark.encode())
    notifier.client().delete(MARK)
