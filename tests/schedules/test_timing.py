"""When slots are: at the gap and the fold of three zones as written out by hand, and what is no timing at all."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from queueapp.errors import InvalidValue
from queueapp.timing import Cron, Every, Once, latest_slots

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"

# Where the clock goes forward. Berlin: 02:00 CET → 03:00 CEST on 29 March 2026, at 01:00 UTC. New York: 02:00 EST →
# 03:00 EDT on 8 March, at 07:00 UTC. Lord Howe: 02:00 (+10:30) → 02:30 (+11:00) on 4 October, at 15:30 UTC of the 3rd.
GAPS = [
    # what the gap swallows fires when it ends, once; the day after it is at its own time again
    (BERLIN, "30 2 * * *", "2026-03-29T00:00", ["03-29 01:00", "03-30 00:30"]),
    (BERLIN, "15,45 2 * * *", "2026-03-29T00:00", ["03-29 01:00", "03-30 00:15", "03-30 00:45"]),
    (NEW_YORK, "30 2 * * *", "2026-03-08T06:00", ["03-08 07:00", "03-09 06:30"]),
    (LORD_HOWE, "15 2 * * *", "2026-10-03T15:00", ["10-03 15:30", "10-04 15:15"]),
    # what lies beside it is not touched
    (BERLIN, "45 1 * * *", "2026-03-29T00:00", ["03-29 00:45", "03-29 23:45"]),
    (LORD_HOWE, "30 2 * * *", "2026-10-03T15:00", ["10-03 15:30", "10-04 15:30"]),
    # minutes and hours go on as the clock on the wall shows them
    (BERLIN, "*/30 * * * *", "2026-03-29T00:00", ["03-29 00:30", "03-29 01:00", "03-29 01:30"]),
    (NEW_YORK, "0 * * * *", "2026-03-08T05:30", ["03-08 06:00", "03-08 07:00", "03-08 08:00"]),
    (LORD_HOWE, "*/20 * * * *", "2026-10-03T15:05", ["10-03 15:10", "10-03 15:40", "10-03 16:00"]),
]
# Where it goes back. Berlin: 03:00 CEST → 02:00 CET on 25 October 2026, at 01:00 UTC. New York: 02:00 EDT → 01:00 EST
# on 1 November, at 06:00 UTC. Lord Howe: 02:00 (+11:00) → 01:30 (+10:30) on 5 April, at 15:00 UTC of the 4th.
FOLDS = [
    # a time that comes twice fires the first time
    (BERLIN, "30 2 * * *", "2026-10-24T23:00", ["10-25 00:30", "10-26 01:30"]),
    (NEW_YORK, "30 1 * * *", "2026-11-01T04:00", ["11-01 05:30", "11-02 06:30"]),
    (LORD_HOWE, "45 1 * * *", "2026-04-04T14:00", ["04-04 14:45", "04-05 15:15"]),
    # also asked for between the two: the first is over, and the second is none
    (BERLIN, "45 2 * * *", "2026-10-25T01:30", ["10-26 01:45"]),
    # what comes once is not touched
    (LORD_HOWE, "15 1 * * *", "2026-04-04T14:00", ["04-04 14:15", "04-05 14:45"]),
    # minutes and hours go on, so both times count
    (BERLIN, "*/30 * * * *", "2026-10-25T00:00", ["10-25 00:30", "10-25 01:00", "10-25 01:30", "10-25 02:00"]),
    (NEW_YORK, "0 * * * *", "2026-11-01T04:30", ["11-01 05:00", "11-01 06:00", "11-01 07:00"]),
    (LORD_HOWE, "*/20 * * * *", "2026-04-04T14:35", ["04-04 14:40", "04-04 15:10", "04-04 15:30"]),
]


def first(timing, after, count):
    return list(islice(timing.slots(after), count))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "expression", "after", "expected"), GAPS + FOLDS)
def test_daylight_saving_time(zone, expression, after, expected):
    slots = first(Cron(expression, zone), utc(after), len(expected))
    assert [f"{slot:%m-%d %H:%M}" for slot in slots] == expected


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE, "Africa/Cairo", "America/Sao_Paulo", "Asia/Beirut"])
@pytest.mark.parametrize("expression", ["30 0-3 * * *", "15 2 * * *", "5 0 * * *"])
@pytest.mark.parametrize("start", ["2026-03-01T00:00", "2026-10-01T00:00"])
def test_the_next_slot_follows_from_the_last_alone(zone, expression, start):
    """Asked again from each slot on, as firing does, months are the same as read in one go, and go forward."""
    timing = Cron(expression, zone)
    in_one_go = first(timing, utc(start), 250 if "-" in expression else 65)
    one_by_one, last = [], utc(start)
    for _ in in_one_go:
        last = next(timing.slots(last))
        one_by_one.append(last)
    assert in_one_go == one_by_one == sorted(set(in_one_go))


def test_an_interval_is_counted_from_1970():
    timing = Every(minutes=90)
    slots = first(timing, utc("2026-01-01T00:10"), 3)
    assert [f"{slot:%H:%M}" for slot in slots] == ["01:30", "03:00", "04:30"]
    assert first(timing, slots[0], 1) == [slots[1]]
    assert timing.words == "Every 1 hour 30 minutes"


def test_a_date_comes_once():
    date = utc("2026-05-01T12:00")
    assert first(Once(date), date - timedelta(seconds=1), 2) == [date]
    assert first(Once(date), date, 2) == []


def test_seconds_and_words():
    timing = Cron("  */15  * * * *   MON-FRI ", BERLIN)
    assert timing.expression == "*/15 * * * * MON-FRI"
    assert timing.words == "Every 15th second of every minute on Monday through Friday (Europe/Berlin)"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("61 * * * *", "'61' as its minute, which takes 0–59"),
        ("* 24 * * *", "'24' as its hour, which takes 0–23"),
        ("5-1 * * * *", "'5-1' as its minute"),
        ("*/0 * * * *", "'\\*/0' as its minute"),
        ("60 * * * * *", "'60' as its second"),
        ("0 0 32 * *", "'32' as its day-of-month"),
        ("0 0 * 13 *", "'13' as its month"),
        ("0 0 * * FRO", "'FRO' as its day-of-week"),
        ("* * *", "has 3 fields, and needs five"),
        ("", "has 0 fields"),
        ("@daily", "has 1 fields"),
        ("\x00 * * * *", "as its minute"),
        ("9" * 5_000 + " * * * *", "has 5008 characters, and may have 200"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6 *", "never comes"),
        ("* * */20 * 1L", "never comes"),
    ],
)
def test_a_bad_expression_says_which_field_is_wrong(expression, words):
    with pytest.raises(InvalidValue, match=words) as refusal:
        Cron(expression)
    assert [error.field for error in refusal.value.errors] == ["cron"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/passwd", "", "Europe", "\x00", "a" * 300])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(InvalidValue, match="timezone: there is no time zone"):
        Cron("0 3 * * *", zone)


def test_intervals_have_bounds():
    for total in ({"seconds": 0}, {"seconds": -5}, {"days": 367}, {"seconds": 1.5}):
        with pytest.raises(InvalidValue, match="every_seconds: must be a whole number"):
            Every(**total)


def test_the_latest_slots_of_a_long_time_take_no_longer_than_those_of_a_short_one():
    start, until = utc("1990-01-01T00:00"), utc("2026-01-01T00:00")
    assert latest_slots(Every(seconds=1), start, until, 2) == [until - timedelta(seconds=1), until]
    assert latest_slots(Cron("0 0 29 2 *"), start, until, 2) == [utc("2020-02-29T00:00"), utc("2024-02-29T00:00")]
    assert latest_slots(Cron("0 0 29 2 *"), utc("2024-01-01T00:00"), until, 2) == [utc("2024-02-29T00:00")]
    assert latest_slots(Once(until), start, until - timedelta(seconds=1), 2) == []
