"""Schedules of acme, and time that passes for them."""

from datetime import timedelta

import pytest

from queueapp import handlers, maintenance
from queueapp.models import Schedule, ScheduleSlot, Task
from queueapp.schedules import service
from queueapp.schedules.requests import parse_schedule
from queueapp.tenancy import operator_scope, tenant_scope
from queueapp.testing.clock import moved_clock


class Schedules:
    """Makes schedules, lets time pass for them, and reads what became of them."""

    def make(self, tenant, **members):
        wanted = {"name": "s", "type": "echo", "params": {"msg": "x"}, "every_seconds": 3600, **members}
        if "cron" in members or "once_at" in members:
            del wanted["every_seconds"]
        with tenant_scope(tenant.id):
            return service.create(tenant.id, parse_schedule(wanted))

    def fire_after(self, **later):
        """What a look at the schedules decides so much later, in the order of the slots."""
        known = {slot.id for slot in self.slots()}
        with moved_clock(timedelta(**later), using="owner"):
            maintenance.run_once()
        return [slot for slot in self.slots() if slot.id not in known]

    def slots(self, **wanted):
        with operator_scope("operator:test"):
            return list(ScheduleSlot.objects.filter(**wanted).order_by("slot_at"))

    def tasks(self, **wanted):
        with operator_scope("operator:test"):
            return list(Task.objects.filter(**wanted).order_by("run_at"))

    def fresh(self, schedule):
        with operator_scope("operator:test"):
            return Schedule.objects.get(id=schedule.id)

    def act(self, verb, schedule, *arguments):
        """A verb of the service, as an operator."""
        with operator_scope("operator:test"):
            return verb(service.locked(Schedule.objects.filter(id=schedule.id)).get(), *arguments)


@pytest.fixture
def schedules(clean_database):
    return Schedules()


@pytest.fixture
def registry(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    return handlers._handlers
