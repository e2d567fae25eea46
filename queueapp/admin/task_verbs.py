"""What people do to tasks on the list and on a task's page: one way to run it, report it and note it down."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest

from queueapp import lifecycle, operations
from queueapp.lifecycle import Outcome
from queueapp.models import Task
from queueapp.states import RETRYABLE, WAITING, Status

MOST_AT_ONCE = 10_000
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class TaskVerb:
    """A verb of the lifecycle as a person sees it. `past` completes "3 tasks …"."""

    name: str
    label: str
    past: str
    allowed: frozenset[Status]
    run: Callable[[Sequence[UUID]], list[Outcome]]


def _redrive(task_ids: Sequence[UUID]) -> list[Outcome]:
    """Retry the dead letters among the tasks, and no others."""
    statuses = dict(Task.objects.filter(pk__in=task_ids).values_list("pk", "status"))
    dead = [task_id for task_id in task_ids if statuses.get(task_id) == Status.DEAD_LETTER]
    refused = [task_id for task_id in task_ids if statuses.get(task_id) != Status.DEAD_LETTER]
    return lifecycle.retry_many(dead) + [
        Outcome(task_id, was := statuses.get(task_id), was, False) for task_id in refused
    ]


VERBS = {
    verb.name: verb
    for verb in (
        TaskVerb("retry", "Retry", "queued again", RETRYABLE, lifecycle.retry_many),
        TaskVerb("cancel", "Cancel", "cancelled or told to stop", WAITING | {Status.LEASED}, lifecycle.cancel_many),
        TaskVerb("redrive", "Redrive dead letters", "queued again", frozenset({Status.DEAD_LETTER}), _redrive),
    )
}


def perform(request: HttpRequest, name: str, task_ids: Sequence[UUID]) -> None:
    """Run a verb on tasks, say what came of it, and leave an operator's record of it."""
    if not task_ids:
        messages.warning(request, "There is no such task any more.")
        return
    verb = VERBS[name]
    ids = sorted(task_ids)[:MOST_AT_ONCE]  # sorted, as every verb locks its rows in this order
    outcomes = [outcome for start in range(0, len(ids), BATCH) for outcome in verb.run(ids[start : start + BATCH])]
    done = [str(outcome.task_id) for outcome in outcomes if outcome.done]
    refused = Counter(outcome.reason for outcome in outcomes if not outcome.done)
    target = str(ids[0]) if len(ids) == 1 else f"{len(ids)} tasks"
    operations.record(f"task.{verb.name}", target, done=done, refused=dict(refused))
    if done:
        messages.success(request, f"{len(done)} {'task' if len(done) == 1 else 'tasks'} {verb.past}.")
    for reason, count in refused.most_common():
        messages.warning(request, f"{count} refused: {reason}.")
    if len(task_ids) > MOST_AT_ONCE:
        messages.warning(request, f"These were the first {MOST_AT_ONCE:,}: do it again for the rest.")
