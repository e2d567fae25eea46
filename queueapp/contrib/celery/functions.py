"""A task function with Celery's ways to call it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from queueapp import clock
from queueapp.contrib.celery.results import AsyncResult
from queueapp.contrib.celery.running import BoundTask, aware
from queueapp.typed import SubmitOptions, TaskFunction

P = ParamSpec("P")
CallP = ParamSpec("CallP")
R = TypeVar("R", covariant=True)

CELERYS_QUEUE, OUR_QUEUE = "celery", "default"  # where tasks go for which nobody says otherwise
# of how Celery sends a message, or keeps a result: here a task is a row either way
WITHOUT_EFFECT = frozenset({"retry", "retry_policy", "serializer", "compression", "ignore_result", "shadow"})


class BridgedTask(TaskFunction[P, CallP, R]):
    """What the bridge's `@task` makes: a task function, with `delay` and `apply_async`."""

    def __init__(self, made: TaskFunction[P, CallP, R], bound: Callable[..., R] | None) -> None:
        vars(self).update(vars(made))
        self._bound = bound

    def __call__(self, *args: CallP.args, **kwargs: CallP.kwargs) -> R:
        if self._bound is not None:
            return self._bound(BoundTask(self.type, None), *args, **kwargs)
        return super().__call__(*args, **kwargs)

    @property
    def name(self) -> str:
        return self.type

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResult:
        """Submit one task: stored with the caller's transaction, or not at all. Raises as `submit`."""
        return AsyncResult(self.submit(*args, **kwargs).id)

    def delay_on_commit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """The same: a worker never sees a task before its transaction has committed."""
        self.submit(*args, **kwargs)

    def apply_async_on_commit(self, *args: Any, **options: Any) -> None:
        """As apply_async, for the reason that delay_on_commit gives."""
        self.apply_async(*args, **options)

    def apply_async(
        self,
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        *,
        countdown: float | None = None,
        eta: datetime | None = None,
        expires: float | datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
        **others: Any,
    ) -> AsyncResult:
        """Submit one task with options.

        `countdown` and a number as `expires` are seconds from now; moments without a zone are of the current one.
        Priorities are 0 to 9, and 0 is the most urgent, as where Celery's broker is a Redis: 10 to 1 here.
        Raises TypeError for an option of Celery's that has no counterpart, and as `submit`.
        """
        if unknown := sorted(set(others) - WITHOUT_EFFECT):
            raise TypeError(f"apply_async({', '.join(f'{name}=' for name in unknown)}) is not bridged.")
        options: SubmitOptions = {}
        if countdown is not None:
            options["delay_seconds"] = max(0.0, float(countdown))
        elif eta is not None:
            options["run_at"] = max(aware(eta), clock.now())
        if queue is not None:
            options["queue"] = OUR_QUEUE if queue == CELERYS_QUEUE else queue
        if priority is not None:
            options["priority"] = 10 - priority
        options |= _expiry(expires)
        task = self.using(**options).submit(*(args or ()), **(kwargs or {}))
        return AsyncResult(task.id)


def _expiry(expires: float | datetime | None) -> SubmitOptions:
    if expires is None:
        return {}
    moment = aware(expires) if isinstance(expires, datetime) else clock.now() + timedelta(seconds=expires)
    return {"expires_at": moment}
