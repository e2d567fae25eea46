"""A worker in the test's own process, so that names can be answered by the test."""

from queueapp import tasks
from queueapp.artifacts.object_store import open_object
from queueapp.claiming import Capabilities, Claimer
from queueapp.models import Artifact, Task, Tenant
from queueapp.models.base import new_id
from queueapp.tasks.settle import settle
from queueapp.tenancy import operator_scope
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from tests.factories import attempt_at, fresh


class FetchWorker:
    def __init__(self, tenant: Tenant) -> None:
        self.id, self.tenant = new_id(), tenant
        self._background = BackgroundConnection()
        self._executor = Executor(self._background, Interrupter())

    def fetch(self, url: str, **params) -> Task:
        """Submit a fetch, run one attempt of it, and return the task as it is then."""
        task = tasks.submit("fetch", {"url": url, **params}, tenant_id=self.tenant.id)
        self.work()
        return fresh(task)

    def work(self) -> None:
        for claimed in Claimer(self.id, Capabilities(queues=("fetch",))).claim():
            outcome = self._executor.execute(attempt_at(claimed, self.id))
            if outcome is not None:
                settle(self.id, [outcome])

    def close(self) -> None:
        self._background.close()
        self._background._thread.join()


def artifacts_of(task: Task) -> dict[str, bytes]:
    """Type → content."""
    with operator_scope("operator:test"):
        rows = list(Artifact.objects.filter(task_id=task.id))
    kept = {}
    for row in rows:
        with open_object(row.object_key) as file:
            kept[row.type] = file.read()
    return kept
