"""The options of a task type, the same for `handler()` and `task()`: their names, defaults and limits."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from queueapp.errors import FieldError, InvalidValue
from queueapp.retry_policy import JITTER, MAX_DELAY_SECONDS, retry_delay_seconds
from queueapp.timing import SCHEDULE_NAME_PATTERN, Declaration, Scheduled, declared
from queueapp.type_patterns import is_task_type
from queueapp.validation import MAX_SECONDS_AHEAD

# (validated parameters, the id of the tenant) → what is wrong with them, by the parameters' own names
Validate = Callable[[Any, UUID], list[FieldError]]
ResultKey = Callable[[Any], str | None]
ErrorClass = type[BaseException]

MAX_CONCURRENCY = 1_000  # of all types of a worker together, too


class HandlerOptions(TypedDict, total=False):
    """What may be given. docs/handlers.md says what each is for."""

    validate: Validate | None
    queue: str
    timeout_seconds: int
    soft_timeout_seconds: float | None
    max_timeout_seconds: int | None
    max_retries: int
    expires_seconds: float | None
    retry_base_seconds: float
    retry_max_seconds: float
    retry_jitter: float
    retry_on: Sequence[ErrorClass]
    give_up_on: Sequence[ErrorClass]
    prefetch: bool
    concurrency: int
    transactional: bool
    result_key: ResultKey | None
    result_ttl_seconds: float | None
    internal: bool
    schedule: Declaration | Sequence[Declaration] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeOptions:
    """How the tasks of a type run. Raises ImproperlyConfigured for what cannot be."""

    type: str
    validate: Validate | None = None
    queue: str = "default"
    timeout_seconds: int = 300
    soft_timeout_seconds: float | None = None
    max_timeout_seconds: int | None = None
    max_retries: int = 0
    expires_seconds: float | None = None
    retry_base_seconds: float = 1.0
    retry_max_seconds: float = MAX_DELAY_SECONDS
    retry_jitter: float = JITTER
    retry_on: Sequence[ErrorClass] = (BaseException,)
    give_up_on: Sequence[ErrorClass] = ()
    prefetch: bool = True
    concurrency: int = 1
    transactional: bool = False
    result_key: ResultKey | None = None
    result_ttl_seconds: float | None = None
    internal: bool = False
    schedule: Declaration | Sequence[Declaration] | None = None

    def __post_init__(self) -> None:
        for fault in self._faults():
            raise ImproperlyConfigured(f"The handler of {self.type!r} {fault}.")
        if self.transactional:  # it is settled in its own transaction, so with no others
            object.__setattr__(self, "prefetch", False)

    @property
    def schedules(self) -> tuple[Scheduled, ...]:
        """What `schedule` declares."""
        return declared(self.schedule)

    def retry_delay(self, failures: int) -> float:
        """The seconds before the next try, for the number of failures so far (1 = first)."""
        return retry_delay_seconds(
            failures,
            base_seconds=self.retry_base_seconds,
            max_seconds=self.retry_max_seconds,
            jitter=self.retry_jitter,
        )

    def gives_up_on(self, kind: ErrorClass) -> bool:
        """Whether an error of this class is not tried again, however many retries are left."""
        return issubclass(kind, tuple(self.give_up_on)) or not issubclass(kind, tuple(self.retry_on))

    def _faults(self) -> Iterator[str]:
        if not is_task_type(self.type):
            yield "has a name that no task may have: letters, digits, `_` and `-`, with dots between, at most 200"
        soft = self.soft_timeout_seconds
        if soft is not None and not 0 < soft < self.timeout_seconds:
            yield (
                f"has soft_timeout_seconds={soft:g}, which must be more than 0 and less than its"
                f" timeout_seconds={self.timeout_seconds}"
            )
        if self.expires_seconds is not None and not 0 < self.expires_seconds <= MAX_SECONDS_AHEAD:
            yield f"has expires_seconds={self.expires_seconds:g}, which must be more than 0 and at most ten years"
        if not 0 < self.retry_base_seconds <= self.retry_max_seconds:
            yield (
                f"has retry_base_seconds={self.retry_base_seconds:g}, which must be more than 0 and at most its"
                f" retry_max_seconds={self.retry_max_seconds:g}"
            )
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            yield f"has concurrency={self.concurrency}, which must be between 1 and {MAX_CONCURRENCY:,}"
        if not 0 <= self.retry_jitter <= 1:
            yield f"has retry_jitter={self.retry_jitter:g}, which must be between 0 and 1"
        yield from self._schedule_faults()
        for name in ("retry_on", "give_up_on"):
            if not _are_errors(getattr(self, name)):
                yield f"has {name}={getattr(self, name)!r}, which must be a list of exception classes"

    def _schedule_faults(self) -> Iterator[str]:
        try:
            names = [each.name or self.type for each in self.schedules]
        except InvalidValue as error:
            yield f"has a schedule that cannot be: {error}"
            return
        yield from (f"has two schedules named {name!r}" for name in {*names} if names.count(name) > 1)
        yield from (f"has a schedule named {name!r}, which no schedule may be" for name in names if not _is_name(name))


def _is_name(name: str) -> bool:
    return re.fullmatch(SCHEDULE_NAME_PATTERN, name) is not None


def _are_errors(value: object) -> bool:
    return isinstance(value, Sequence) and all(
        isinstance(each, type) and issubclass(each, BaseException) for each in value
    )
