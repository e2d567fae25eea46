"""Deciding what becomes of each schedule and queued task, and moving it: once, however often the command runs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import router, transaction

from queueapp.contrib.django_q.packages import UNKNOWN_HERE, Package, Unreadable, read
from queueapp.contrib.django_q.recurrence import NotYet, Row, arguments_of, recurrence_of
from queueapp.contrib.django_q.sources import Queued, Source
from queueapp.errors import InvalidTask, InvalidValue
from queueapp.schedules import service
from queueapp.schedules.requests import parse_schedule
from queueapp.tenancy import operator_scope
from queueapp.typed import DedupOptions, TaskFunction, task_functions

KEY_SECONDS = 31 * 86_400.0  # how long a task that was imported and not taken away there is not imported again
DONE = 0  # the column `repeats` of a schedule of theirs that runs no more


class Verdict(StrEnum):
    MOVES = "moves"
    MOVED = "moved"
    BUSY = "busy"
    NOT_YET = "not yet"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Item:
    """A schedule or a task of theirs, and what becomes of it."""

    kind: str
    id: str
    function: str
    verdict: Verdict
    words: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Mover:
    """Moves to one tenant. Without `write` it only tells; every check is made all the same. Call it in no scope."""

    def __init__(self, tenant_id: UUID, actor: str, q_cluster: dict[str, Any], *, write: bool) -> None:
        self._tenant_id, self._actor = tenant_id, actor
        self._prefix = q_cluster.get("name", "default")
        self._write = write
        self._functions = task_functions()

    def queued(self, source: Source) -> Iterator[Item]:
        for each in source.waiting():
            try:
                package = read(each.text, self._prefix)
            except Unreadable as error:
                yield Item("task", str(each.key), "", Verdict.UNREADABLE, str(error))
            else:
                yield self._decided("task", package.id, package.function, self._queued_task, each, package, source)

    def schedules(self) -> Iterator[Item]:
        model = apps.get_model("django_q", "Schedule")
        for pk in model.objects.exclude(repeats=DONE).order_by("pk").values_list("pk", flat=True):
            with transaction.atomic(using=router.db_for_write(model)):
                # so that their scheduler does not run it meanwhile
                row = model.objects.select_for_update().exclude(repeats=DONE).filter(pk=pk).first()
                if row is not None:
                    yield self._decided("schedule", str(pk), row.func, self._schedule, row)

    def _decided(self, kind: str, id: str, path: str, act: Any, *arguments: Any) -> Item:
        """What `act` says of it, or why it stays."""
        function = self._functions.get(path)
        if function is None:
            words = "no task here is made of this function: decorate it with @task, and import again"
            return Item(kind, id, path, Verdict.UNKNOWN, words)
        try:
            verdict, words = act(function, *arguments)
        except (NotYet, TypeError, InvalidTask, InvalidValue) as error:
            return Item(kind, id, path, Verdict.NOT_YET, str(error))
        return Item(kind, id, path, verdict, words)

    def _queued_task(
        self, function: TaskFunction[..., ..., Any], queued: Queued, package: Package, source: Source
    ) -> tuple[Verdict, str]:
        if queued.busy_until is not None:
            return Verdict.BUSY, f"a cluster took it, and holds it until {queued.busy_until:%H:%M:%S %Z}"
        if left := [name for name in UNKNOWN_HERE if package.options.get(name)]:
            raise NotYet(f"it has {', '.join(left)}, which has no counterpart")
        options = {"timeout_seconds": timeout} if isinstance(timeout := package.options.get("timeout"), int) else {}
        function.request(*package.args, **package.kwargs)
        if not self._write:
            return Verdict.MOVES, f"task {function.type}"
        with source.taking(queued) as is_free:
            if not is_free:
                return Verdict.BUSY, "a cluster took it meanwhile"
            task = self._submit(function, f"django-q task {package.id}", package.args, package.kwargs, options)
        return Verdict.MOVED, f"task {task}"

    def _schedule(self, function: TaskFunction[..., ..., Any], row: Any) -> tuple[Verdict, str]:
        args, kwargs = arguments_of(row)
        recurrence = recurrence_of(row, settings.TIME_ZONE)
        request = function.request(*args, **kwargs)
        if not self._write:
            return Verdict.MOVES, f"{function.type}, {recurrence.words}"
        if recurrence.once_at is not None:
            key = f"django-q schedule {row.pk}"
            made = f"task {self._submit(function, key, args, kwargs, {'run_at': recurrence.once_at})}"
        else:
            made = self._add_schedule(row, function.type, request["params"], recurrence)
        row.repeats = DONE
        row.save(update_fields=["repeats"])
        return Verdict.MOVED, f"{made}, {recurrence.words}"

    def _submit(
        self, function: TaskFunction[..., ..., Any], key: str, args: Any, kwargs: Any, options: dict[str, Any]
    ) -> UUID:
        dedup: DedupOptions = {"key": key, "ttl_seconds": KEY_SECONDS}
        task = function.using(tenant=self._tenant_id, dedup=dedup, **options).submit(*args, **kwargs)
        return task.id

    def _add_schedule(self, row: Row, type: str, params: dict[str, Any], recurrence: Any) -> str:
        members = {"name": f"django-q-{row.pk}", "type": type, "params": params}
        timing = {k: v for k, v in asdict(recurrence).items() if v is not None}
        with operator_scope(self._actor):
            schedule = service.create(self._tenant_id, parse_schedule(members | timing))
        return f"schedule {schedule.name}"
