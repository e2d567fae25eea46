"""What the platform deletes by age: expired keys, ended tasks and, when those are gone, their log."""

from datetime import timedelta
from uuid import UUID

from queueapp import clock, conf
from queueapp.db import statements
from queueapp.hooks import JobResult, maintenance_job
from queueapp.tasks import purge_batch

BATCH = 1_000
FIRST_ID = UUID(int=0)


@maintenance_job("expired_rows_pruned", every_seconds=60)
def prune_expired() -> JobResult:
    deleted = statements.rows("prune", {"batch": BATCH})[0].values()
    return JobResult(sum(deleted), more=max(deleted) >= BATCH)


@maintenance_job("tasks_pruned", every_seconds=60)
def prune_tasks() -> JobResult:
    if not conf.settings.task_retention_days:
        return JobResult(0)
    deleted = purge_batch(finished_before=clock.now() - timedelta(days=conf.settings.task_retention_days))
    return JobResult(deleted, more=deleted > 0)


# an hour, since each walk looks for every old task
@maintenance_job("task_logs_pruned", every_seconds=3600)
class LogPruner:
    """Walks the log from its oldest task on, a batch a call: tasks that are still there are passed by."""

    def __init__(self) -> None:
        self._after = FIRST_ID

    def __call__(self) -> JobResult:
        if not conf.settings.task_log_retention_days:
            return JobResult(0)
        window = {"after": self._after, "keep_days": conf.settings.task_log_retention_days, "batch": BATCH}
        found = statements.rows("prune_task_logs", window)[0]
        more = found["examined"] == BATCH or found["last_task"] == self._after
        self._after = found["last_task"] if more else FIRST_ID
        return JobResult(found["deleted"], more)
