"""Why a task does not run now: what it waits for, in codes for machines and in words for people."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from queueapp.db import statements
from queueapp.handlers import find_handler
from queueapp.models import Queue, Task
from queueapp.states import FINAL, Status
from queueapp.tasks.capable_workers import LiveWorkers, Wanted
from queueapp.tasks.queries import QueueRow
from queueapp.tasks.settle import EXPIRED
from queueapp.tenancy import system_scope

MOST_COUNTED = 1_000
LOWEST, HIGHEST = -32_768, 32_767  # of the column
LAST_SEQ = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a task waits for, or what it does instead of waiting."""

    code: str
    message: str
    detail: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, **self.detail}


def why(task: Task) -> list[Reason]:
    """The reasons, the nearest first; never empty. Looks across tenants, and tells of others only how many."""
    match task.status:
        case Status.CANCELLED if task.error_code == EXPIRED:
            return [Reason("expired", task.error_message, {"expires_at": task.expires_at})]
        case status if status in FINAL:
            return [Reason("finished", f"It is {status}.", {"finished_at": task.finished_at})]
        case Status.LEASED if task.cancel_requested_at:
            return [Reason("cancelling", "Its worker was asked to stop.", {"worker_id": task.worker_id})]
        case Status.LEASED:
            detail = {"worker_id": task.worker_id, "attempt": task.attempt, "started_at": task.started_at}
            return [Reason("running", "A worker is running it.", detail)]
        case Status.BLOCKED:
            return [Reason("blocked", "It waits for tasks that it depends on.")]
    with system_scope("why"):
        queue = Queue.objects.filter(name=task.queue).first()
        return [*_time(task), *_paused(queue), *_workers(task), *_place(task, queue), *_expiry(task)]


def unserved(task: Task) -> list[Reason]:
    """Why no live worker could take such a task, which need not exist yet; empty where one could."""
    with system_scope("why"):
        return _workers(task)


def _time(task: Task) -> list[Reason]:
    if task.status == Status.SCHEDULED:
        return [Reason("not_due", f"It is due at {moment(task.run_at)}.", {"run_at": task.run_at})]
    if task.status == Status.FAILED:
        message = f"Try {task.failures} failed; the next is due at {moment(task.run_at)}."
        return [Reason("retry_at", message, {"run_at": task.run_at, "error_code": task.error_code})]
    return []


def _expiry(task: Task) -> list[Reason]:
    if task.expires_at is None:
        return []
    message = f"Unless it has started by {moment(task.expires_at)}, it is cancelled."
    return [Reason("expires", message, {"expires_at": task.expires_at})]


def _paused(queue: Queue | None) -> list[Reason]:
    if queue is None or queue.paused_at is None:
        return []
    detail = {"paused_at": queue.paused_at, "reason": queue.pause_reason, "until": queue.paused_until}
    return [Reason("queue_paused", pause_in_words(queue), detail)]


def pause_in_words(queue: Queue | QueueRow, *, tells_who: bool = False) -> str:
    """Of a queue that is paused. Who paused it is for operators only."""
    since = f"since {moment(queue.paused_at)}" if queue.paused_at else ""
    by = f" by {queue.paused_by}" if tells_who and queue.paused_by else ""
    reason = f": {queue.pause_reason}" if queue.pause_reason else ""
    end = f" The pause ends at {moment(queue.paused_until)}." if queue.paused_until else ""
    return f"The queue {queue.name} is paused {since}{by}{reason.rstrip('.')}.{end}"


def _workers(task: Task) -> list[Reason]:
    """Empty where a live worker could take the task."""
    workers, wanted = LiveWorkers(), Wanted(task.queue, task.type, task.requirements)
    if workers.can_take(wanted, task.tenant_id):
        return []
    nearest = workers.nearest(wanted, task.tenant_id)
    message = f"None of the {len(workers)} live workers serves its queue, its type and its requirements."
    if nearest:
        message += f" {nearest.in_words}"
    if (handler := find_handler(task.type)) is not None and handler.late:
        message += " Its type's module is not imported at the start: import it in the module tasks of an app."
    detail = {"live_workers": len(workers), "nearest": nearest.as_dict() if nearest else None}
    return [Reason("no_capable_worker", message, detail)]


def _place(task: Task, queue: Queue | None) -> list[Reason]:
    if task.status != Status.QUEUED or queue is None:
        return []
    ahead = _count_ahead(task, queue.strategy)
    number = f"more than {MOST_COUNTED}" if ahead > MOST_COUNTED else str(ahead)
    words = {
        Queue.Strategy.FAIR: "of this tenant, which takes turns with the others",
        Queue.Strategy.WEIGHTED_RANDOM: f"of priority {task.priority}, from which tasks are drawn at random",
    }.get(Queue.Strategy(queue.strategy), "in its queue")
    message = f"Before it comes 1 task {words}." if ahead == 1 else f"Before it come {number} tasks {words}."
    return [Reason("position", message, {"ahead": min(ahead, MOST_COUNTED), "strategy": queue.strategy})]


def _count_ahead(task: Task, strategy: str) -> int:
    parameters = {
        "queue": task.queue,
        "tenant_id": task.tenant_id if strategy == Queue.Strategy.FAIR else None,
        "limit": MOST_COUNTED + 1,
        **_span(task, strategy),
    }
    return int(statements.rows("count_ahead", parameters)[0]["ahead"])


def _span(task: Task, strategy: str) -> dict[str, int]:
    """Between which places of which priorities the tasks lie that come first."""
    older = {"after": 0, "before": task.ready_seq}
    everywhere = {"lowest": LOWEST, "highest": HIGHEST, "all_above": HIGHEST}
    match strategy:
        case Queue.Strategy.PRIORITY:
            return {**older, "lowest": task.priority, "highest": HIGHEST, "all_above": task.priority}
        case Queue.Strategy.WEIGHTED_RANDOM:
            return {**older, "lowest": task.priority, "highest": task.priority, "all_above": HIGHEST}
        case Queue.Strategy.LIFO:
            return {**everywhere, "after": task.ready_seq, "before": LAST_SEQ}
    return {**everywhere, **older}


def counted(tasks: int) -> str:
    """With the verb, of what was counted up to one more than MOST_COUNTED."""
    if tasks == 1:
        return "1 task is"
    return f"more than {MOST_COUNTED:,} tasks are" if tasks > MOST_COUNTED else f"{tasks:,} tasks are"


def moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
