"""The platform's own handlers."""

from queueapp.handlers import handler
from queueapp.tasks.bulk import TYPE, BulkParams, apply, concerned, next_batch
from queueapp.tenancy import tenant_scope
from queueapp.worker.context import TaskContext

# a queue of its own: to cancel a backlog, one must not have to wait behind it
QUEUE = "platform"


@handler(TYPE, params=BulkParams, queue=QUEUE, timeout_seconds=600, max_retries=3, prefetch=False, internal=True)
def bulk(task: TaskContext, params: BulkParams) -> dict[str, int]:
    """Apply the verb to each task concerned, in short transactions, the newest first."""
    changed = refused = 0
    before = task.id  # what is submitted from now on is not concerned
    actor = f"client:task:{task.id}"
    with tenant_scope(task.tenant, actor=actor):
        total = concerned(params, task.tenant).filter(id__lt=before).count()
    while True:
        task.check_cancelled()
        with tenant_scope(task.tenant, actor=actor):
            ids = next_batch(params, task.tenant, before=before)
            outcomes = apply(params, ids)
        if not ids:
            task.log(f"{params.verb}: {changed} tasks changed, {refused} had moved meanwhile")
            return {"changed": changed, "refused": refused}
        before = ids[-1]
        changed += sum(outcome.done for outcome in outcomes)
        refused += sum(not outcome.done for outcome in outcomes)
        task.progress(min(1.0, (changed + refused) / max(1, total)), f"{changed} of {total} tasks changed")
