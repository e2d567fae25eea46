"""When a schedule's slots are: a cron expression, an interval, or one date. Pure Python.

Each is a set of moments, the same whoever asks and when, so the next slot follows from the last one and from nothing
else. Cron is read as Debian's cron does, daylight saving time included (docs/schedules.md).
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from queueapp import clock
from queueapp.errors import FieldError, InvalidValue

SCHEDULE_NAME_PATTERN = "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}$"
MAX_EXPRESSION = 200
MAX_INTERVAL_SECONDS = 366 * 86_400
FIELDS = {
    "second": "0–59",
    "minute": "0–59",
    "hour": "0–23",
    "day-of-month": "1–31, L (the last day) or LW (the last weekday)",
    "month": "1–12 or JAN–DEC",
    "day-of-week": "0–7 or SUN–SAT, also 5L (the last Friday) or FRI#2 (the second)",
}
FORMS = "`*`, a list such as 1,2, a range such as 1-5, or steps such as */5"
MISSED = ("skip", "latest", "all")
OVERLAP = ("allow", "skip")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields (minute, hour, day of month, month, day of week), or six with seconds in front.

    Times are those of the wall clock of `timezone`, a name of the IANA database. Raises InvalidValue naming the field.
    """

    expression: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        object.__setattr__(self, "expression", " ".join(self.expression.split()))
        zone_named(self.timezone)
        if fault := _fault_in(self.expression):
            raise _refused("cron", "bad_cron", fault)

    def slots(self, after: datetime) -> Iterator[datetime]:
        """The slots later than a moment, in UTC."""
        zone = zone_named(self.timezone)
        for slot in CronSim(self.expression, after.astimezone(zone)):
            # where the clock is set back, cronsim takes the second of two equal times for the first
            if (moment := slot.astimezone(UTC)) > after:
                yield moment

    @property
    def words(self) -> str:
        explained: str = CronSim(self.expression, EPOCH).explain()
        return f"{explained} ({self.timezone})"


@dataclass(frozen=True, slots=True, init=False)
class Every:
    """Each so many seconds, counted from the beginning of 1970 in UTC: every 15 minutes means :00, :15, :30 and :45.

    Raises InvalidValue for less than a second or more than 366 days.
    """

    total_seconds: int

    def __init__(self, *, seconds: int = 0, minutes: int = 0, hours: int = 0, days: int = 0) -> None:
        total = seconds + 60 * minutes + 3600 * hours + 86_400 * days
        if not (isinstance(total, int) and 1 <= total <= MAX_INTERVAL_SECONDS):
            message = f"must be a whole number of seconds from 1 to {MAX_INTERVAL_SECONDS:,} (366 days)"
            raise _refused("every_seconds", "bad_interval", message)
        object.__setattr__(self, "total_seconds", total)

    def slots(self, after: datetime) -> Iterator[datetime]:
        """The slots later than a moment, in UTC."""
        step = timedelta(seconds=self.total_seconds)
        slot = EPOCH + ((after - EPOCH) // step + 1) * step
        while True:
            yield slot
            slot += step

    @property
    def words(self) -> str:
        left, parts = self.total_seconds, []
        for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
            count, left = divmod(left, size)
            if count:
                parts.append(f"{count} {name}{'s' if count > 1 else ''}")
        return "Every " + " ".join(parts).removeprefix("1 " if len(parts) == 1 else "")


@dataclass(frozen=True, slots=True)
class Once:
    """One date. Raises InvalidValue for one without a time zone."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise _refused("once_at", "bad_date", "must have a time zone")
        object.__setattr__(self, "at", self.at.astimezone(UTC))

    def slots(self, after: datetime) -> Iterator[datetime]:
        """The slots later than a moment, in UTC."""
        if self.at > after:
            yield self.at

    @property
    def words(self) -> str:
        return f"Once, at {self.at:%Y-%m-%d %H:%M:%S} UTC"


Timing = Cron | Every | Once


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule that code declares: `@task(schedule=Scheduled("0 3 * * *", overlap="skip"))`.

    `when` is a cron expression in UTC, or a Cron, Every or Once. `name` is by default the type of the task. `tenants`
    are slugs: by default the only tenant in the isolation level `single`, and the platform's own, `system`, in `rls`.
    `options` are those of a submission. Raises InvalidValue naming the member.
    """

    when: Timing
    _: KW_ONLY
    name: str | None = None
    tenants: Sequence[str] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    missed: str = "latest"
    overlap: str = "allow"

    if TYPE_CHECKING:  # a dataclass takes what its fields hold, and this one also a text

        def __init__(
            self,
            when: Timing | str,
            *,
            name: str | None = None,
            tenants: Sequence[str] | None = None,
            params: Mapping[str, Any] = ...,
            options: Mapping[str, Any] = ...,
            missed: Literal["skip", "latest", "all"] = ...,
            overlap: Literal["allow", "skip"] = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        if isinstance(self.when, str):
            object.__setattr__(self, "when", Cron(self.when))
        if not isinstance(self.when, Timing):
            message = f"must be a cron expression, Cron, Every or Once; got {self.when!r:.60}"
            raise _refused("when", "bad_timing", message)
        for name, known in (("missed", MISSED), ("overlap", OVERLAP)):
            if getattr(self, name) not in known:
                raise _refused(name, "unknown_value", f"must be one of {', '.join(known)}")


Declaration = str | Timing | Scheduled


def declared(schedule: "Declaration | Sequence[Declaration] | None") -> tuple[Scheduled, ...]:
    """What the option `schedule` of a task says. Raises InvalidValue."""
    if schedule is None:
        return ()
    if isinstance(schedule, str | Timing | Scheduled):
        schedule = (schedule,)
    return tuple(each if isinstance(each, Scheduled) else Scheduled(each) for each in schedule)


def latest_slots(timing: Timing, after: datetime, until: datetime, most: int) -> list[datetime]:
    """The last slots, at most so many, later than one moment and not later than another, in their order.

    It looks back further and further, so that it takes about as long as there are slots asked for.
    """
    span = timedelta(minutes=1)
    while True:
        start = max(after, until - span)
        found = deque(takewhile(lambda slot: slot <= until, timing.slots(start)), maxlen=most)
        if len(found) == most or start == after:
            return list(found)
        span *= 8


def zone_named(name: str) -> ZoneInfo:
    """A zone of the IANA database. Raises InvalidValue."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"there is no time zone {name!r:.80}; names are those of the IANA database, such as Europe/Berlin"
        raise _refused("timezone", "unknown_timezone", message) from None


def _fault_in(expression: str) -> str | None:
    """What is wrong with a cron expression, in words that name the field; None where it has slots."""
    if len(expression) > MAX_EXPRESSION:
        return f"has {len(expression)} characters, and may have {MAX_EXPRESSION}"
    fields = expression.split(" ") if expression else []
    if len(fields) not in (5, 6):
        return (
            f"has {len(fields)} fields, and needs five: minute, hour, day of month, month, day of week; or six, with"
            " seconds in front"
        )
    for number, (name, given) in enumerate(zip(list(FIELDS)[-len(fields) :], fields, strict=True)):
        if _refuses(" ".join(given if place == number else "*" for place in range(len(fields)))):
            return f"has {given!r} as its {name}, which takes {FIELDS[name]}: {FORMS}"
    if _refuses(expression) or next(CronSim(expression, clock.now()), None) is None:
        return "never comes: no date within fifty years is as it says"
    return None


def _refuses(expression: str) -> bool:
    try:
        CronSim(expression, EPOCH)
    except CronSimError:
        return True
    return False


def _refused(field: str, code: str, message: str) -> InvalidValue:
    return InvalidValue([FieldError(field, code, message)])
