"""A row of django-q2's table Schedule in words of ours. Its arguments are literals, and are read as such alone."""

import ast
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

MAX_CHARACTERS = 10_000  # of arguments: a deeper expression than fits in here could exhaust the parser
LAST_DAY_OF_ALL = 28  # that every month has


class NotYet(Exception):
    """The schedule has something that nothing here corresponds to."""


class Row(Protocol):
    """The columns that are read."""

    pk: int
    func: str
    args: str | None
    kwargs: str | None
    schedule_type: str
    minutes: int | None
    repeats: int
    next_run: datetime | None
    cron: str | None
    hook: str | None
    intended_date_kwarg: str | None


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The members of a schedule's timing; for one date, `once_at`."""

    once_at: datetime | None = None
    cron: str | None = None
    every_seconds: int | None = None
    timezone: str = "UTC"

    @property
    def words(self) -> str:
        if self.once_at is not None:
            return f"once, at {self.once_at:%Y-%m-%d %H:%M:%S %Z}"
        return f"each {self.every_seconds} s" if self.every_seconds else f"cron {self.cron} ({self.timezone})"


def recurrence_of(row: Row, timezone: str) -> Recurrence:
    """`timezone` is the project's, whose wall clock django-q2 goes by. Raises NotYet."""
    for name in ("hook", "intended_date_kwarg"):
        if getattr(row, name):
            raise NotYet(f"it has {name}, which has no counterpart")
    if row.next_run is None:
        raise NotYet("it has no next run")
    if row.schedule_type == "O":
        return Recurrence(once_at=row.next_run)
    if row.repeats > 0:
        raise NotYet(f"it ends after {row.repeats} more runs, and a schedule has no such end")
    if row.schedule_type == "I":
        return Recurrence(every_seconds=60 * (row.minutes or 1))
    return Recurrence(cron=_cron(row, row.next_run.astimezone(ZoneInfo(timezone))), timezone=timezone)


def arguments_of(row: Row) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the function is called with. Raises NotYet for what is no literal."""
    for text in filter(None, (row.args, row.kwargs)):
        if len(text) > MAX_CHARACTERS:
            raise NotYet(f"its arguments have {len(text):,} characters, and may have {MAX_CHARACTERS:,}")
    try:
        args = ast.literal_eval(row.args) if row.args else ()
        kwargs = _keywords(row.kwargs) if row.kwargs else {}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise NotYet(f"its arguments are no literals: {error or type(error).__name__}") from error
    if "q_options" in kwargs:
        raise NotYet("it has q_options, which have no counterpart")
    return args if isinstance(args, tuple) else (args,), kwargs


def _keywords(text: str) -> dict[str, Any]:
    """`{"x": 1}` or `x=1`: django-q2 takes both."""
    if text.lstrip().startswith("{"):
        found = ast.literal_eval(text)
    else:
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("they are no keyword arguments")
        found = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    if not all(isinstance(name, str) for name in found):
        raise ValueError("a name is no text")
    return dict(found)


def _cron(row: Row, first: datetime) -> str:
    """The expression whose slots are the runs from `first` on, to the minute."""
    at = f"{first.minute} {first.hour}"
    if row.schedule_type in ("M", "BM", "Q", "Y") and first.day > LAST_DAY_OF_ALL:
        raise NotYet(f"it runs on day {first.day}, which not every month has")
    match row.schedule_type:
        case "C":
            return row.cron or ""
        case "H":
            return f"{first.minute} * * * *"
        case "D":
            return f"{at} * * *"
        case "W":
            return f"{at} * * {first.isoweekday() % 7}"
        case "M":
            return f"{at} {first.day} * *"
        case "BM":
            return f"{at} {first.day} {_months(first.month, 2)} *"
        case "Q":
            return f"{at} {first.day} {_months(first.month, 3)} *"
        case "Y":
            return f"{at} {first.day} {first.month} *"
    raise NotYet(f"its type {row.schedule_type!r} has no counterpart")


def _months(first: int, step: int) -> str:
    return ",".join(map(str, sorted((first - 1 + offset) % 12 + 1 for offset in range(0, 12, step))))
