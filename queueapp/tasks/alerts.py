"""What is wrong now, and what to do about it: the reasons why tasks wait, grouped, and failures that have risen.

Read from the heads of what waits and from kept statistics, never task by task: the cost follows how many partitions
have something queued, and not the backlog nor the history.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp import clock
from queueapp.db import statements
from queueapp.models import Queue
from queueapp.states import Status
from queueapp.tasks.capable_workers import LiveWorkers, Wanted
from queueapp.tasks.diagnosis import MOST_COUNTED, counted, moment, pause_in_words
from queueapp.tasks.queries import busy_workers
from queueapp.tenancy import system_scope, tenant_scope

LATE_SECONDS = 300.0
EXPIRE_SECONDS = 300.0
EXPIRING_READ = 10_000  # however many of other tenants expire first
LEAST_DEAD_LETTERS = 10  # in an hour
TIMES_USUAL = 5.0
MOST_OF_A_CODE = 10
TENANTS_READ = 1_000

# what to do: for operators, for tenants
ADVICE = {
    "no_capable_worker": (
        "Start a cluster that can (`qcluster` with `--queues`, `--categories`, `--capabilities`), or cancel them.",
        "Cancel them, and submit with other requirements; or ask your operator for such a worker.",
    ),
    "queue_paused": (
        "`manage.py queues resume NAME`, when its reason is gone.",
        "They start when an operator resumes the queue.",
    ),
    "late": (
        "Look at what workers run (`manage.py workers`); start more of them.",
        "Raise the priority of what is urgent, or ask your operator for more workers.",
    ),
    "dead_letters": (
        "Look at their errors; when the cause is mended, `manage.py redrive`.",
        "Look at their errors; when the cause is mended, retry them.",
    ),
    "expires": (
        "Start more workers for this queue (`manage.py qcluster --queues NAME`).",
        "Submit with a later `expires_at`, or ask your operator for more workers.",
    ),
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is wrong. `filter` has the members of a TaskFilter, and finds the tasks that it is about."""

    code: str
    message: str
    advice: str
    count: int  # of tasks, at most MOST_COUNTED
    counts_more: bool  # whether there are more of them
    filter: dict[str, str]
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A partition with something queued; of one tenant where it is named."""

    id: int
    wanted: Wanted
    oldest: datetime
    tenant_id: UUID | None = None


@dataclass(slots=True)
class _Group:
    """An alert in the making, without the number of its tasks."""

    code: str
    message: str
    detail: dict[str, Any]
    partitions: list[_Waiting] = field(default_factory=list)

    def as_alert(self, waiting: int, tenant_id: UUID | None) -> Alert:
        words = f"{self.message} {counted(waiting).capitalize()} waiting."
        about = {"state": str(Status.QUEUED), **self._in_common()}
        return _alert(self.code, words, waiting, about, self.detail, tenant_id)

    def _in_common(self) -> dict[str, str]:
        queues, types = ({getattr(each.wanted, name) for each in self.partitions} for name in ("queue", "type"))
        return {name: one.pop() for name, one in (("queue", queues), ("type", types)) if len(one) == 1}


def _alert(
    code: str, message: str, tasks: int, about: dict[str, str], detail: dict[str, Any], tenant_id: UUID | None
) -> Alert:
    advice = ADVICE[code][0 if tenant_id is None else 1]
    return Alert(code, message, advice, min(tasks, MOST_COUNTED), tasks > MOST_COUNTED, about, detail)


def alerts(tenant_id: UUID | None = None) -> list[Alert]:
    """What is wrong for all tenants, in words for operators; or for one, which learns of nothing but its own tasks.

    Opens scopes of its own: call it outside of any.
    """
    with system_scope("alerts"):
        waiting = _partitions(statements.rows("waiting_sub_queues"))
        queues, workers = Queue.objects.in_bulk(field_name="name"), LiveWorkers()
        expiring = _expiring(tenant_id)
    if tenant_id is None:
        with system_scope("alerts"):
            return _found(waiting, queues, workers, None) + _dead_letters(None) + expiring
    with tenant_scope(tenant_id, actor="client:alerts"):
        known = {"partitions": [each.id for each in waiting], "tenant_id": tenant_id}
        own = _partitions(statements.rows("waiting_sub_queues_of_tenant", known), tenant_id)
        return _found(own, queues, workers, tenant_id) + _dead_letters(tenant_id) + expiring


def _partitions(heads: Iterable[statements.Row], tenant_id: UUID | None = None) -> list[_Waiting]:
    found: dict[int, _Waiting] = {}
    for head in heads:
        id, oldest = head["partition_id"], head["run_at"]
        if id in found:
            found[id] = replace(found[id], oldest=min(found[id].oldest, oldest))
        else:
            found[id] = _Waiting(id, Wanted(head["queue"], head["type"], head["requirements"]), oldest, tenant_id)
    return list(found.values())


def _found(
    waiting: list[_Waiting], queues: dict[str, Queue], workers: LiveWorkers, tenant_id: UUID | None
) -> list[Alert]:
    paused = [each for each in waiting if each.wanted.queue in queues and queues[each.wanted.queue].paused_at]
    held = {each.id for each in paused}
    is_open = [each for each in waiting if each.id not in held]
    unserved = _unserved(is_open, workers) if len(workers) else is_open
    of_nobody = {each.id for each in unserved}
    served = [each for each in is_open if each.id not in of_nobody]
    nowhere = _incapable(unserved, workers) if len(workers) else _nobody(is_open, tenant_id)
    found = [*nowhere, *_paused(paused, queues, tenant_id), *_late(served, workers, tenant_id)]
    return [group.as_alert(count, tenant_id) for group, count in zip(found, _counts(found), strict=True)]


def _nobody(waiting: list[_Waiting], tenant_id: UUID | None) -> list[_Group]:
    """No worker is alive: for operators that is wrong whether or not anything waits."""
    if tenant_id is not None and not waiting:
        return []
    return [_Group("no_capable_worker", "No worker is alive.", {"live_workers": 0, "nearest": None}, waiting)]


def _unserved(waiting: list[_Waiting], workers: LiveWorkers) -> list[_Waiting]:
    """What no live worker may take. A worker over HTTP takes its own tenant's tasks, so there each tenant counts."""
    left = [each for each in waiting if not workers.can_take(each.wanted, each.tenant_id)]
    in_doubt = {
        each.id: each for each in left if each.tenant_id is None and workers.may_be_taken_over_http(each.wanted)
    }
    if not in_doubt:
        return left
    pairs = statements.rows("waiting_tenants", {"partitions": [*in_doubt], "limit": TENANTS_READ})
    each_tenants = [replace(in_doubt[pair["partition_id"]], tenant_id=pair["tenant_id"]) for pair in pairs]
    return [each for each in left if each.id not in in_doubt] + [
        each for each in each_tenants if not workers.can_take(each.wanted, each.tenant_id)
    ]


def _incapable(unserved: list[_Waiting], workers: LiveWorkers) -> list[_Group]:
    """By what the nearest worker lacks."""
    groups: dict[tuple[str, ...], _Group] = {}
    for each in sorted(unserved, key=lambda each: each.oldest):
        nearest = workers.nearest(each.wanted, each.tenant_id)
        lacks = nearest.lacks if nearest else ()
        if lacks not in groups:
            words = f"None of the {len(workers)} live workers can take some tasks."
            detail = {"live_workers": len(workers), "nearest": nearest.as_dict() if nearest else None}
            groups[lacks] = _Group("no_capable_worker", f"{words} {nearest.in_words}" if nearest else words, detail)
        groups[lacks].partitions.append(each)
    return list(groups.values())[:MOST_OF_A_CODE]


def _paused(paused: list[_Waiting], queues: dict[str, Queue], tenant_id: UUID | None) -> list[_Group]:
    groups = []
    for name, partitions in _by_queue(paused):
        queue = queues[name]
        detail = {"paused_at": queue.paused_at, "reason": queue.pause_reason, "until": queue.paused_until}
        if tenant_id is None:
            detail["by"] = queue.paused_by
        words = pause_in_words(queue, tells_who=tenant_id is None)
        groups.append(_Group("queue_paused", words, detail, partitions))
    return groups


def _late(served: list[_Waiting], workers: LiveWorkers, tenant_id: UUID | None) -> list[_Group]:
    """Queues whose tasks wait long although somebody could take them."""
    now = clock.now()
    late = [each for each in served if (now - each.oldest).total_seconds() > LATE_SECONDS]
    if not late:
        return []
    about_workers, busy = "", {}
    if tenant_id is None:
        number = busy_workers([row.id for row in workers.rows])
        about_workers = f" {number} of {len(workers)} live workers hold tasks."
        busy = {"live_workers": len(workers), "busy_workers": number}
    groups = []
    for name, partitions in _by_queue(late):
        seconds = (now - partitions[0].oldest).total_seconds()
        words = f"The oldest ready task in queue {name} has waited for {seconds:,.0f} s.{about_workers}"
        groups.append(_Group("late", words, {"oldest_wait_seconds": seconds, **busy}, partitions))
    return groups


def _by_queue(waiting: list[_Waiting]) -> list[tuple[str, list[_Waiting]]]:
    """The queue whose task is the oldest first, and so in each."""
    groups: dict[str, list[_Waiting]] = {}
    for each in sorted(waiting, key=lambda each: each.oldest):
        groups.setdefault(each.wanted.queue, []).append(each)
    return list(groups.items())[:MOST_OF_A_CODE]


def _counts(groups: Sequence[_Group]) -> list[int]:
    """How many tasks each is about, up to one more than is told."""
    members = [(number, each.id, each.tenant_id) for number, group in enumerate(groups) for each in group.partitions]
    if not members:
        return [0] * len(groups)
    numbers, ids, tenants = (list(column) for column in zip(*members, strict=True))
    wanted = {"groups": numbers, "partitions": ids, "tenants": tenants, "limit": MOST_COUNTED + 1}
    found = {row["number"]: row["waiting"] for row in statements.rows("count_waiting", wanted)}
    return [found.get(number, 0) for number in range(len(groups))]


def _dead_letters(tenant_id: UUID | None) -> list[Alert]:
    bounds = {"least": LEAST_DEAD_LETTERS, "times": TIMES_USUAL, "limit": MOST_OF_A_CODE}
    return [
        _alert(
            "dead_letters",
            f"{row['lately']:,} tasks of type {row['type']} became dead letters in the last hour; usual are "
            f"{row['usual']:.1f}.",
            row["lately"],
            {"state": str(Status.DEAD_LETTER), "type": row["type"]},
            {"lately": row["lately"], "usual": row["usual"]},
            tenant_id,
        )
        for row in statements.rows("risen_dead_letters", {"tenant_id": tenant_id, **bounds})
    ]


def _expiring(tenant_id: UUID | None) -> list[Alert]:
    """Needs the platform's scope: it reads what expires first, whosever it is, so that its cost has a bound."""
    bounds = {"seconds": EXPIRE_SECONDS, "read": EXPIRING_READ, "limit": MOST_OF_A_CODE}
    return [
        _alert(
            "expires",
            f"In queue {row['queue']} {counted(row['tasks'])} cancelled soon for want of a start, the first at "
            f"{moment(row['first_at'])}.",
            row["tasks"],
            {"status": "pending", "queue": row["queue"]},
            {"first_at": row["first_at"]},
            tenant_id,
        )
        for row in statements.rows("expiring_tasks", {"tenant_id": tenant_id, **bounds})
    ]
