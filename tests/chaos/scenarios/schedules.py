"""A schedule of every second, while clusters die and one lives by a clock that is stepped back."""

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from django.db.models import F, Max

from queueapp.models import Schedule, ScheduleSlot, Task
from queueapp.schedules import service
from queueapp.schedules.requests import parse_schedule
from queueapp.tenancy import operator_scope, tenant_scope
from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.stepped_clock import SteppedClock
from tests.chaos.world import World
from tests.clusters import running_cluster
from tests.waiting import wait_until

HOUR = 3600.0


def every_second(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Three clusters: after a third of the time one is killed whole, after another the clock of the next goes back."""
    seconds = 60 if scale >= 1 else 9
    clock = SteppedClock(world.directory, "machine")
    with ExitStack() as stack:
        killed = stack.enter_context(running_cluster(workers=1))
        stack.enter_context(running_cluster(workers=1, **clock.variables))
        schedule = _every_second(world)
        _wait_for_slots(schedule, seconds // 3)
        killed.kill()
        _wait_for_slots(schedule, seconds * 2 // 3)
        clock.set(-HOUR)
        _wait_for_slots(schedule, seconds)
        with operator_scope("operator:chaos"):
            service.pause(service.locked(Schedule.objects.filter(id=schedule.id)).get())
        figures = _figures(world, schedule, seconds)
        world.heal()
    return figures


def _every_second(world: World) -> Schedule:
    request = parse_schedule(
        {
            "name": "every-second",
            "type": "sample.record",
            "params": {"mark": str(world.marks)},
            "every_seconds": 1,
            "missed": "all",
        }
    )
    with tenant_scope(world.tenant):
        return service.create(world.tenant, request)


def _wait_for_slots(schedule: Schedule, count: int) -> None:
    """Until so many are decided."""
    last = schedule.next_slot_at + timedelta(seconds=count - 1)

    def is_decided() -> bool:
        with operator_scope("operator:chaos"):
            return Schedule.objects.filter(id=schedule.id, decided_until__gte=last).exists()

    wait_until(is_decided, pause_seconds=0.05)


def _figures(world: World, schedule: Schedule, seconds: int) -> dict[str, Any]:
    """Of the first so many seconds; all that fired counts as submitted."""
    first = schedule.next_slot_at
    with operator_scope("operator:chaos"):
        slots = ScheduleSlot.objects.filter(schedule_id=schedule.id).order_by("slot_at")
        world.submitted += slots.count()
        of_the_time = slots.filter(slot_at__lt=first + timedelta(seconds=seconds))
        fires = [slot.slot_at for slot in of_the_time.filter(outcome="fired")]
        tasks = Task.objects.filter(id__in=of_the_time.values("task_id")).values_list("run_at", flat=True)
        late = of_the_time.aggregate(most=Max(F("decided_at") - F("slot_at")))["most"]
        assert fires == sorted(tasks) == [first + timedelta(seconds=second) for second in range(seconds)]
        assert slots.count() == Task.objects.filter(type="sample.record").count()
    return {"seconds": seconds, "fires": len(fires), "latest_fire_seconds": round(late.total_seconds(), 3)}
