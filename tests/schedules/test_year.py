"""A year of schedules and retries in the test kit's clock, against the real database, in seconds."""

import time
from collections import Counter
from datetime import timedelta

from queueapp.models import Task
from queueapp.tenancy import operator_scope
from queueapp.testing.kit import Kit

DAYS = 366
MOST_SECONDS = 10.0  # of this process: what else runs on the machine does not count


def test_a_year_of_schedules_and_retries(schedules, acme):
    """Each day is travelled to and drained: daily and weekly slots fire, and failures of a day are tried the next."""
    berlin = {"timezone": "Europe/Berlin", "type": "sample.noop", "params": {}}
    daily = schedules.make(acme, name="daily", cron="0 3 * * *", **berlin)
    weekly = {"type": "sample.fail", "params": {"times": 1}, "options": {"max_retries": 1}}
    schedules.make(acme, name="weekly", cron="0 4 * * MON", **weekly)
    kit, started, wall = Kit(), time.process_time(), time.perf_counter()
    for day in range(1, DAYS + 1):
        with kit.travel(timedelta(days=day), using="owner"):
            kit.drain()
    print(f"{time.process_time() - started:.1f} s of this process, {time.perf_counter() - wall:.1f} s in all")
    assert time.process_time() - started < MOST_SECONDS
    slots = schedules.slots()
    assert Counter(slot.outcome for slot in slots) == {"fired": len(slots)}
    of_daily = [slot.slot_at for slot in slots if slot.schedule_id == daily.id]
    assert {slot.hour for slot in of_daily} == {1, 2}
    days = [slot.date() for slot in of_daily]
    assert days == [days[0] + timedelta(days=number) for number in range(DAYS)]
    with operator_scope("operator:test"):
        ended = Counter(Task.objects.values_list("type", "status"))
        tried = set(Task.objects.filter(type="sample.fail", status="completed").values_list("failures", flat=True))
    assert ended["sample.noop", "completed"] == DAYS
    assert ended["sample.fail", "completed"] in (51, 52, 53)
    assert tried == {1}
