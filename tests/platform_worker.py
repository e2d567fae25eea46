"""A cluster's worker in this process, for the tasks that the platform does itself."""

from queueapp.builtin_handlers import QUEUE
from queueapp.claiming import Capabilities, Claimer
from queueapp.models.base import new_id
from queueapp.tasks.settle import settle
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from tests.factories import attempt_at


def run_platform_tasks(background):
    """Run every task that waits in the platform's queue, and return the attempts. Call it in the main thread."""
    worker_id, executor, attempts = new_id(), Executor(background, Interrupter()), []
    while claimed := Claimer(worker_id, Capabilities(queues=(QUEUE,))).claim():
        for each in claimed:
            attempts.append(attempt_at(each, worker_id))
            settle(worker_id, [executor.execute(attempts[-1])])
    return attempts
