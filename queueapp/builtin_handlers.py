"""The platform's own handlers."""

import time
from typing import Any

from django.db import connection

from queueapp.errors import ContinueLater
from queueapp.handlers import handler
from queueapp.tasks.bulk import TYPE, BulkParams
from queueapp.tasks.bulk_run import BulkRun
from queueapp.worker.context import TaskContext
from queueapp.worker.interrupts import CancelRequested

# a queue of its own: to cancel a backlog, one must not have to wait behind it
QUEUE = "platform"
LONGEST_TURN_SECONDS = 60.0


@handler(TYPE, params=BulkParams, queue=QUEUE, timeout_seconds=600, max_retries=3, prefetch=False, internal=True)
def bulk(task: TaskContext, params: BulkParams) -> dict[str, Any]:
    """Apply the verb to each task concerned, in short transactions, the newest first."""
    began = time.monotonic()
    run = BulkRun((task.id, task.attempt), task.tenant, params, task.log)
    try:
        while run.step():
            task.check_cancelled()
            if time.monotonic() - began > LONGEST_TURN_SECONDS:
                raise ContinueLater(0)  # others wait for this worker
    except CancelRequested:
        connection.close()  # it may have been torn out of a statement
        run.conclude()
        raise
    return run.conclude()
