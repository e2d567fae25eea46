"""A hostile task, and after it an honest one of another tenant, in one worker process."""

from dataclasses import dataclass

import psutil

from queueapp import tasks
from queueapp.models import Task
from queueapp.states import FINAL
from tests.factories import fresh
from tests.waiting import wait_until


@dataclass
class Pair:
    type: str
    hostile: Task
    honest: Task

    @property
    def outcome(self):
        """Not which attempt it was: a task that waits behind a slow one goes back, and is claimed again."""
        return self.hostile.status, self.hostile.error_code, self.hostile.failures, self.hostile.crash_count

    @property
    def unharmed(self):
        return (self.honest.status, self.honest.failures, self.honest.crash_count) == ("completed", 0, 0)


def ended(task):
    return fresh(task).status in FINAL


def run_pairs(types, hostile_tenant, honest_tenant, **params):
    """Each type once, each followed by hell.probe; returns the first probe's result and the pairs, all ended."""
    first = tasks.submit("hell.probe", {}, tenant_id=honest_tenant.id)
    pairs = [
        Pair(
            type,
            tasks.submit(type, params, tenant_id=hostile_tenant.id),
            tasks.submit("hell.probe", {}, tenant_id=honest_tenant.id),
        )
        for type in types
    ]
    wait_until(lambda: ended(first) and all(ended(pair.hostile) and ended(pair.honest) for pair in pairs))
    for pair in pairs:
        pair.hostile, pair.honest = fresh(pair.hostile), fresh(pair.honest)
    return fresh(first).result, pairs


def run_alone(type, tenant):
    """The task, ended."""
    task = tasks.submit(type, {}, tenant_id=tenant.id)
    wait_until(lambda: ended(task))
    return fresh(task)


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
