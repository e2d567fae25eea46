"""What a bound function gets as its first parameter: Celery's words for the attempt that is running."""

from datetime import UTC, datetime
from typing import NoReturn

from django.utils import timezone

from queueapp import clock
from queueapp.errors import PermanentFailure, RetryLater
from queueapp.handlers import get_handler
from queueapp.worker.context import TaskContext


class MaxRetriesExceededError(PermanentFailure):
    """`retry()` was called when no retry was left, and not told which error it is about."""

    code = "max_retries_exceeded"


class Request:
    """`id` is None, and nothing was retried, where the function is called and not run by a worker."""

    def __init__(self, context: TaskContext | None) -> None:
        self.id: str | None = str(context.id) if context else None
        self.retries: int = context.failures if context else 0
        self.called_directly = context is None


class BoundTask:
    """`context` is what tasks of ours have: log, progress, attach, …; None where the function is called directly."""

    MaxRetriesExceededError = MaxRetriesExceededError

    def __init__(self, type: str, context: TaskContext | None) -> None:
        self.name = type
        self.context = context
        self.request = Request(context)

    @property
    def max_retries(self) -> int:
        """Tries after the first."""
        return self.context.max_retries if self.context else get_handler(self.name).max_retries

    def retry(
        self,
        *,
        exc: Exception | None = None,
        countdown: float | None = None,
        eta: datetime | None = None,
        max_retries: int | None = None,
    ) -> NoReturn:
        """End this attempt and try again: after `countdown` seconds, at `eta`, or after the delay of the task's type.

        Never returns. Raises `exc`, or MaxRetriesExceededError, where no retry is left or the function was called
        directly; else RetryLater. `max_retries` can only lower the number that the task has.
        """
        tries = self.request.retries + 1
        if self.context is None or tries > self.max_retries:
            raise exc or MaxRetriesExceededError(f"{self.name} was tried {tries} times")
        if max_retries is not None and tries > max_retries:  # not `exc`, after which the platform might try again
            raise MaxRetriesExceededError(f"{self.name} was tried {tries} times: {exc or ''}".rstrip(": ")) from exc
        raise RetryLater(self._delay(countdown, eta), str(exc) if exc else "") from exc

    def _delay(self, countdown: float | None, eta: datetime | None) -> float:
        if countdown is not None:
            return max(0.0, countdown)
        if eta is not None:
            return max(0.0, (aware(eta) - clock.now()).total_seconds())
        return get_handler(self.name).retry_delay(self.request.retries + 1)


def aware(moment: datetime) -> datetime:
    """Without a zone it is of Django's current one."""
    return (moment if timezone.is_aware(moment) else timezone.make_aware(moment)).astimezone(UTC)
