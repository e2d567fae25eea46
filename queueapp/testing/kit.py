"""The kit itself: what was submitted, and running it here and now."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS

from queueapp.handlers import HandlerFunction
from queueapp.models import Task
from queueapp.states import WAITING
from queueapp.tasks.declared_types import TypeFinder
from queueapp.tasks.requests import parse_request, prepare
from queueapp.tenancy import bound_tenant, operator_scope
from queueapp.tenancy.lookup import tenant_id_of
from queueapp.testing.clock import moved_clock
from queueapp.testing.draining import Drained, Drainer
from queueapp.testing.faults import (
    Fault,
    Faults,
    Point,
    database_is_down,
    killed,
    lease_lost,
    stretch_at,
    take_lease_back,
)
from queueapp.testing.inline_worker import inline_worker
from queueapp.testing.performing import Performed, perform_alone
from queueapp.typed.performer import performing_by

ACTOR = "operator:test"


@contextmanager
def kit_in_use() -> Iterator["Kit"]:
    """The kit of one test, which task functions are performed by."""
    kit = Kit()
    with performing_by(kit):
        yield kit


class Kit:
    """All tenants' tasks, unless one is named by its slug or id."""

    def __init__(self) -> None:
        self._faults = Faults()
        self.performed: list[Performed] = []  # by `perform`, of the kit and of task functions; the newest last

    def all_enqueued(
        self,
        type: str | None = None,
        params: dict[str, Any] | None = None,
        *,
        tenant: str | UUID | None = None,
        **fields: Any,
    ) -> list[Task]:
        """The tasks that wait to run, the oldest first; `params` are those that a task must have among its own.

        `fields` are of the model, such as queue="mails" or priority__gte=7.
        """
        if type is not None:
            fields["type"] = type
        if tenant is not None:
            fields["tenant_id"] = tenant_id_of(tenant)
        if params is not None:
            fields["params__contains"] = params
        with operator_scope(ACTOR):
            return list(Task.objects.filter(status__in=WAITING, **fields).order_by("id"))

    def assert_enqueued(
        self, type: str | None = None, params: dict[str, Any] | None = None, *, count: int | None = None, **fields: Any
    ) -> Task:
        """Fail the test unless such a task waits, or `count` of them; returns the newest.

        The failure says what waits instead.
        """
        found = self.all_enqueued(type, params, **fields)
        if not found if count is None else len(found) != count:
            wanted = "one" if count is None else str(count)
            raise AssertionError(
                f"Expected {wanted} of {_words(type, params, fields)}, found {len(found)}. {self._what_waits()}"
            )
        return found[-1] if found else Task()

    def refute_enqueued(self, type: str | None = None, params: dict[str, Any] | None = None, **fields: Any) -> None:
        """Fail the test if such a task waits."""
        if found := self.all_enqueued(type, params, **fields):
            raise AssertionError(f"Expected none of {_words(type, params, fields)}, found {len(found)}: {found[-1]}")

    def perform(
        self,
        type: str,
        params: dict[str, Any] | None = None,
        *,
        tenant: str | UUID | None = None,
        attempt: int = 1,
        **options: Any,
    ) -> Performed:
        """Run the type's handler once, without storing a task: the checks of a submit, then the handler.

        Nothing is written but by the handler; what it logs, reports and attaches is recorded in the answer. `options`
        are those of a submit. Raises InvalidTask, or whatever the handler raises.
        """
        return self._perform({"type": type, "params": params or {}, **options}, tenant, attempt)

    def perform_function(
        self, type: str, params: dict[str, Any], options: Mapping[str, Any], function: HandlerFunction
    ) -> None:
        """What `perform` of a task function does."""
        tenant = options.get("tenant")
        others = {name: value for name, value in options.items() if name != "tenant"}
        self._perform({"type": type, "params": params, **others}, tenant, 1, function)

    def drain(self, *, queue: str | None = None, with_scheduled: bool = False, with_retries: bool = False) -> Drained:
        """Run what waits, and what that submits, until nothing is ready; in this thread and transaction.

        As a worker would: claimed, run, settled, with its moves in the log. A task that fails is not tried again unless
        `with_retries`; `with_scheduled` runs those too whose time has not come.
        """
        return Drainer(queue, self._faults).drain(with_scheduled=with_scheduled, with_retries=with_retries)

    def inline(self) -> AbstractContextManager[Drained]:
        """Run what is ready and what is submitted inside the block at once, before the submit returns.

        Inside a transaction that was open before the block, as a test's is; else when the submit is committed. What a
        running task submits comes after it. Yields what ran, as it is after the latest submit.
        """
        return inline_worker(Drainer(None, self._faults))

    def kill_at(self, point: Point, *, type: str | None = None) -> AbstractContextManager[None]:
        """Have the worker that drains die at the next attempt, of a type or of any, as by SIGKILL; another goes on.

        Before the handler; before the outcome is settled, so that a transactional handler wrote nothing; after it.
        Fails the test where no attempt came to it.
        """
        return self._faults.planted(Fault(stretch_at(point), killed, type))

    def lose_lease(self, *, type: str | None = None) -> AbstractContextManager[None]:
        """Have the next attempt's lease run out behind its back, after the handler and before its outcome is settled.

        The task is queued again, as maintenance does, and the outcome is refused. Fails the test where no attempt came
        to it.
        """
        return self._faults.planted(Fault("settle", lease_lost, type, again=take_lease_back))

    def database_down(
        self, during: Literal["handler", "settle"] | None = None, *, type: str | None = None
    ) -> AbstractContextManager[None]:
        """Let every statement of this thread raise OperationalError in the block, as where PostgreSQL is away.

        With `during`, for a drain: only while the next attempt's handler runs, or its outcome is settled for the first
        time. Fails the test where no attempt came to it.
        """
        if during is None:
            return database_is_down()
        return self._faults.planted(Fault(during, lambda attempt: database_is_down(), type))

    def travel(self, by: timedelta, *, using: str = DEFAULT_DB_ALIAS) -> AbstractContextManager[None]:
        """Let it be later by so much inside the block: what was scheduled, waits for its next try or expires is due.

        `using` names the connection of the login that owns the tables, where that is not the default one.
        """
        return moved_clock(by, using=using)

    def _perform(
        self,
        fields: dict[str, Any],
        tenant: str | UUID | None,
        attempt: int,
        function: HandlerFunction | None = None,
    ) -> Performed:
        tenant_id = tenant_id_of(tenant) or bound_tenant()
        submission = prepare(parse_request(fields), TypeFinder(tenant_id, internal=True))
        performed = Performed(submission.type)
        self.performed.append(performed)
        perform_alone(submission, tenant_id, attempt, performed, function)
        return performed

    def _what_waits(self) -> str:
        waiting = self.all_enqueued()
        listed = "; ".join(f"{task.type} {task.params}" for task in waiting[-10:])
        return f"There wait {len(waiting)}: {listed}" if waiting else "Nothing waits."


def _words(type: str | None, params: dict[str, Any] | None, fields: dict[str, Any]) -> str:
    parts = [type or "any type", *([f"params {params}"] if params else [])]
    return ", ".join(parts + [f"{name}={value!r}" for name, value in fields.items()])
