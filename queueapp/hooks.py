"""Extension points: what an app may add to the platform without changing it. Register in the app's handlers.py.

`around_attempt` wraps the execution of attempts, `on_transition` reports moves, `maintenance_job` runs every so many
seconds, `register_limits` adds limits that each tenant may have its own of. Any class that takes a TaskContext can
extend it: see `TaskContext.extension`.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured

from queueapp.handlers import Handler
from queueapp.limits.tenant_limits import TenantLimits, register_limits
from queueapp.observers import Transition, on_transition
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.settle import Outcome

__all__ = [
    "AsyncProceed",
    "Attempt",
    "JobResult",
    "Outcome",
    "Proceed",
    "TenantLimits",
    "Transition",
    "around_attempt",
    "maintenance_job",
    "on_transition",
    "register_limits",
]

Proceed = Callable[[], Outcome | None]
AsyncProceed = Callable[[], Awaitable[Outcome | None]]
AttemptHook = Callable[[Attempt, Proceed], Outcome | None]
AsyncAttemptHook = Callable[[Attempt, AsyncProceed], Coroutine[Any, Any, Outcome | None]]
HookT = TypeVar("HookT", AttemptHook, AsyncAttemptHook)

_attempt_hooks: list[tuple[Any, Callable[[Handler], bool]]] = []


def around_attempt(*, applies_to: Callable[[Handler], bool] = lambda handler: True) -> Callable[[HookT], HookT]:
    """Register a function that runs around each attempt of the handlers that it applies to.

        @around_attempt(applies_to=lambda handler: handler.queue == "reports")
        def trace(attempt: Attempt, proceed: Proceed) -> Outcome | None:
            with tracer.start_span(attempt.task.type):
                return proceed()

    `proceed()` runs the hooks registered later, then the handler, and returns the outcome, also that of a failure; None
    where the outcome is settled already or the lease is lost. The hook returns it, or another, or does not proceed at
    all. What the hook itself raises is taken as if the handler had. The task's tenant is bound, as in the handler.
    Handlers without a hook pay nothing.

    A plain function is for plain handlers. An `async def` function, which awaits `proceed()`, is for `async def`
    handlers.
    """

    def register(hook: HookT) -> HookT:
        _attempt_hooks.append((hook, applies_to))
        return hook

    return register


def hooks_around(handler: Handler) -> list[Any]:
    """The hooks that apply to a handler, of its own kind, the outermost first."""
    return [
        hook
        for hook, applies_to in _attempt_hooks
        if iscoroutinefunction(hook) == handler.is_async and applies_to(handler)
    ]


class JobResult(NamedTuple):
    """What one call of a maintenance job did: how many rows, and whether the next call may find more."""

    rows: int
    more: bool = False


Job = Callable[[], JobResult | None]
JobT = TypeVar("JobT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class MaintenanceJob:
    """`make` gives the function that one maintenance runner calls."""

    name: str
    make: Callable[[], Job]
    every_seconds: float
    in_background: bool


_jobs: dict[str, MaintenanceJob] = {}


def maintenance_job(name: str, *, every_seconds: float, in_background: bool = False) -> Callable[[JobT], JobT]:
    """Register a function that each cluster calls every so many seconds; with 0, at each pass (once a second).

        @maintenance_job("sessions_deleted", every_seconds=3600)
        def delete_sessions() -> JobResult:
            deleted, _ = Session.objects.filter(id__in=expired_ids()[:1000]).delete()
            return JobResult(deleted, more=deleted == 1000)

    Two clusters call it twice as often, though never at the same time, and each calls it at its start: it must not
    mind being called too often. Each call is a short transaction in an operator's scope, so do a batch and say whether
    there is more: then it is called again, within this pass or the next. With `in_background=True` it is called in a
    thread of its own, outside any transaction, and may run in two clusters at once: for work that waits for others. A
    class is made once a runner, and its instance called, so that it may remember where it was.
    Raises ImproperlyConfigured when the name is taken.
    """

    def register(job: JobT) -> JobT:
        if name in _jobs:
            raise ImproperlyConfigured(f"Maintenance job {name!r} is registered twice.")
        make: Callable[[], Any] = job if inspect.isclass(job) else lambda: job
        _jobs[name] = MaintenanceJob(name, make, every_seconds, in_background)
        return job

    return register


def registered_jobs() -> list[MaintenanceJob]:
    """All jobs, in the order they were registered in."""
    return list(_jobs.values())
