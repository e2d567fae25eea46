"""Counting notifications: they are sent and not waited for, so first let Redis read all that was sent."""

from queueapp.models.base import new_id
from queueapp.redis import notifier
from queueapp.redis.connections import redis_client
from tests.waiting import wait_until

MARK = "taskrunner:test:mark"


def notifications(queue: str = "default") -> int:
    """How many wait for the workers of a queue."""
    let_notifications_arrive()
    return int(redis_client().llen(notifier.notification_list(queue)))


def let_notifications_arrive() -> None:
    """Everything this process has sent has reached Redis: a mark sent after it on the same connection has."""
    mark = str(new_id())
    notifier._sender.send(notifier.pack(("SET", MARK, mark)))
    wait_until(lambda: redis_client().get(MARK) == mark.encode())
    redis_client().delete(MARK)
