"""What the platform deletes by age: expired keys, ended tasks, and the log of tasks that are gone."""

from datetime import timedelta
from uuid import UUID

from queueapp import clock, conf
from queueapp.db import statements
from queueapp.pruners import BATCH, Pruned, pruner
from queueapp.tasks import purge_batch

FIRST_ID = UUID(int=0)


@pruner("expired_rows_pruned")
def prune_expired() -> Pruned:
    deleted = statements.rows("prune", {"batch": BATCH})[0].values()
    return Pruned(sum(deleted), max(deleted) >= BATCH)


@pruner("tasks_pruned")
def prune_tasks() -> Pruned:
    if not conf.settings.task_retention_days:
        return Pruned(0, False)
    deleted = purge_batch(finished_before=clock.now() - timedelta(days=conf.settings.task_retention_days))
    return Pruned(deleted, deleted > 0)


class LogPruner:
    """Walks the log from its oldest row on, a batch a call: rows of tasks that are still there are passed by."""

    def __init__(self) -> None:
        self._after = FIRST_ID

    def __call__(self) -> Pruned:
        if not conf.settings.task_log_retention_days:
            return Pruned(0, False)
        window = {"after": self._after, "keep_days": conf.settings.task_log_retention_days, "batch": BATCH}
        found = statements.rows("prune_task_logs", window)[0]
        more = found["examined"] == BATCH
        self._after = found["last_id"] if more else FIRST_ID
        return Pruned(found["deleted"], more)


# an hour, since each walk looks at every old row
pruner("task_logs_pruned", every_seconds=3600.0)(LogPruner())
