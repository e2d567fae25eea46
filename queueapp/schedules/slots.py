"""Which slots of a schedule are due, and which of them are to fire. Pure: no table and no clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from queueapp.timing import Timing, latest_slots

MISSED_AFTER = timedelta(seconds=60)  # up to so late a slot fires whatever happened, e.g. while clusters were replaced
CATCH_UP_MOST = 1000  # slots that `missed="all"` makes up for: the latest
MOST_AT_ONCE = 100  # slots of a schedule in one look
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Due:
    """`slots` are to fire, in their order; those from `skipped_from` until before `skipped_until` are not, ever."""

    slots: list[datetime]
    decided_until: datetime
    next_slot_at: datetime | None
    skipped_from: datetime | None = None
    skipped_until: datetime | None = None


def due_slots(timing: Timing, missed: str, decided_until: datetime, now: datetime) -> Due:
    """What is due now of all slots after `decided_until`."""
    first, missed_before = next_slot(timing, decided_until), now - MISSED_AFTER
    if first is None or first >= missed_before:
        return _taken(timing, decided_until, now)
    kept = _made_up_for(timing, missed, decided_until, missed_before)
    start = kept[0] if kept else missed_before
    if start == first:
        return _taken(timing, decided_until, now)
    due = _taken(timing, start - INSTANT, now)
    return Due(due.slots, due.decided_until, due.next_slot_at, skipped_from=first, skipped_until=start)


def next_slot(timing: Timing, after: datetime) -> datetime | None:
    """The first slot later than a moment."""
    return next(timing.slots(after), None)


def _made_up_for(timing: Timing, missed: str, decided_until: datetime, missed_before: datetime) -> list[datetime]:
    if missed == "skip":
        return []
    return latest_slots(timing, decided_until, missed_before - INSTANT, 1 if missed == "latest" else CATCH_UP_MOST)


def _taken(timing: Timing, start: datetime, now: datetime) -> Due:
    slots = list(islice(takewhile(lambda slot: slot <= now, timing.slots(start)), MOST_AT_ONCE))
    decided_until = slots[-1] if slots else start
    return Due(slots, decided_until, next_slot(timing, decided_until))
