"""Which slots fire, and which are skipped, after somebody looked late."""

from datetime import UTC, datetime, timedelta

import pytest

from queueapp.schedules.slots import CATCH_UP_MOST, MOST_AT_ONCE, due_slots
from queueapp.timing import Cron, Every, Once

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EACH_MINUTE = Every(minutes=1)


def minutes(*numbers):
    """Minutes after noon."""
    return [NOON + timedelta(minutes=number) for number in numbers]


@pytest.mark.parametrize("missed", ["skip", "latest", "all"])
def test_what_is_up_to_a_minute_late_fires_whatever_is_to_become_of_missed_ones(missed):
    now = NOON + timedelta(seconds=59)
    due = due_slots(Every(seconds=10), missed, NOON - timedelta(seconds=1), now)
    assert due.slots == [NOON + timedelta(seconds=ten) for ten in range(0, 60, 10)]
    assert (due.decided_until, due.next_slot_at, due.skipped_from) == (
        due.slots[-1],
        NOON + timedelta(seconds=60),
        None,
    )


@pytest.mark.parametrize(
    ("missed", "fired", "skipped_until"),
    [("skip", [10], 9.5), ("latest", [9, 10], 9), ("all", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], None)],
)
def test_missed_slots(missed, fired, skipped_until):
    """Nobody looked from noon to half past ten minutes later."""
    now = NOON + timedelta(minutes=10, seconds=30)
    due = due_slots(EACH_MINUTE, missed, NOON, now)
    assert due.slots == minutes(*fired)
    assert (due.decided_until, due.next_slot_at) == tuple(minutes(10, 11))
    skipped = (None, None) if skipped_until is None else (minutes(1)[0], minutes(skipped_until)[0])
    assert (due.skipped_from, due.skipped_until) == skipped


def test_catching_up_is_capped_in_all_and_at_a_time():
    now = NOON + timedelta(days=7)
    due = due_slots(EACH_MINUTE, "all", NOON, now)
    oldest = now - timedelta(minutes=1 + CATCH_UP_MOST)
    assert due.slots[0] == due.skipped_until == oldest
    assert len(due.slots) == MOST_AT_ONCE
    assert due.next_slot_at == due.slots[-1] + timedelta(minutes=1) < now
    again = due_slots(EACH_MINUTE, "all", due.decided_until, now)
    assert (again.slots[0], again.skipped_from) == (due.next_slot_at, None)


@pytest.mark.parametrize(("missed", "fired"), [("skip", []), ("latest", [NOON]), ("all", [NOON])])
def test_a_date_that_was_missed(missed, fired):
    due = due_slots(Once(NOON), missed, NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert (due.slots, due.next_slot_at) == (fired, None)
    assert due.skipped_from == (None if fired else NOON)


def test_a_clock_that_was_set_back_finds_nothing_due():
    due = due_slots(EACH_MINUTE, "all", NOON, NOON - timedelta(hours=1))
    assert (due.slots, due.decided_until, due.next_slot_at) == ([], NOON, minutes(1)[0])


def test_a_slot_that_is_none_any_more_does_not_fire():
    """The time zone database has changed: the next slot is asked for again when the old one is due."""
    due = due_slots(Cron("0 4 * * *"), "latest", NOON, NOON + timedelta(hours=15))
    assert (due.slots, due.next_slot_at) == ([], NOON + timedelta(hours=16))
