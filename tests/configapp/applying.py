"""Changes applied in this process: a worker's attempt, in the same transaction that a worker opens."""

from configapp.handlers import QUEUE
from configapp.models import ConfigAudit, ConfigChange, ConfigVersion, SystemConfig
from configapp.values import decode
from queueapp.claiming import Capabilities, Claimer
from queueapp.models import Task
from queueapp.models.base import new_id
from queueapp.tasks.settle import settle
from queueapp.tenancy import operator_scope
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from tests.factories import attempt_at

ALICE, BOB = "operator:alice", "operator:bob"


class ConfigWorker:
    """Claims and runs configuration tasks one at a time. Make it in the main thread."""

    def __init__(self):
        self.id = new_id()
        self._executor = Executor(None, Interrupter())

    def claim(self):
        claimed = Claimer(self.id, Capabilities(queues=(QUEUE,))).claim()
        assert len(claimed) < 2
        return claimed[0] if claimed else None

    def run(self, claimed):
        """What the engine does with one attempt; returns the task as it is after it."""
        outcome = self._executor.execute(attempt_at(claimed, self.id))
        if outcome is not None:
            settle(self.id, [outcome])
        return task(claimed.id)

    def run_all(self):
        """Every task that waits, in the order of claiming; returns them as they ended."""
        ended = []
        while claimed := self.claim():
            ended.append(self.run(claimed))
        return ended


def task(task_id):
    with operator_scope("operator:test"):
        return Task.objects.get(id=task_id)


def fresh(change):
    with operator_scope("operator:test"):
        return ConfigChange.objects.get(id=change.id)


def stored(key):
    """The row of system_config, or None."""
    with operator_scope("operator:test"):
        return SystemConfig.objects.filter(config_key=key).first()


def versions(key):
    """(version, value) of a key, the oldest first."""
    with operator_scope("operator:test"):
        rows = ConfigVersion.objects.filter(config_key=key).order_by("version")
        return [(row.version, decode(row.value)) for row in rows]


def records(**wanted):
    """Rows of config_audit, the oldest first."""
    with operator_scope("operator:test"):
        return list(ConfigAudit.objects.filter(**wanted).order_by("id"))


def accepted(answer):
    assert answer.status_code == 202, answer.content
    return answer.json()


def all_changes():
    with operator_scope("operator:test"):
        return list(ConfigChange.objects.all())
