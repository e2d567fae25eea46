"""Schedules that code declares: made rows, changed and retired as the code is; people may only pause them."""

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from queueapp import Cron, Every, Once, Scheduled, conf, maintenance, task
from queueapp.errors import DeclaredByCode
from queueapp.handlers import Handler, register
from queueapp.models import OperatorAction, Schedule, Tenant
from queueapp.receivers import complete_installation
from queueapp.schedules import service
from queueapp.schedules.declared import faults_of_declarations, reconcile
from queueapp.tenancy import operator_scope
from tests.samples.handlers import Anything, noop

OWNERLESS = "main" if conf.settings.isolation == "single" else "system"


@pytest.fixture(autouse=True)
def own_registry(registry):
    return registry


def declare(schedule, type="sample.scheduled", **options):
    register(Handler(type=type, function=noop, params=Anything, schedule=schedule, **options))


def declared():
    with operator_scope("operator:test"):
        reconcile()
        return list(Schedule.objects.select_related("tenant").order_by("name"))


def acts():
    with operator_scope("operator:test"):
        return [(act.action, act.target) for act in OperatorAction.objects.order_by("id")]


def test_a_task_is_scheduled_where_it_is_written(acme):
    @task("sample.tidy", schedule="*/5 * * * *")
    def tidy() -> None: ...

    (row,) = declared()
    assert (row.name, row.type, row.cron, row.timezone) == (tidy.type, tidy.type, "*/5 * * * *", "UTC")
    assert (row.tenant.slug, row.declared_by_code, row.missed, row.overlap) == (OWNERLESS, True, "latest", "allow")


def test_each_form_and_for_whom(acme, globex):
    date = datetime(2030, 1, 1, tzinfo=UTC)
    forms = [
        Scheduled(Cron("0 3 * * MON", timezone="Europe/Berlin"), name="a", overlap="skip", missed="skip"),
        Scheduled(Every(minutes=5), name="b", tenants=["acme", "globex"], params={"seconds": 1.5}),
        Scheduled(Once(date), name="c", options={"priority": 9}),
    ]
    declare(forms)
    rows = {(row.name, row.tenant.slug): row for row in declared()}
    assert set(rows) == {("a", OWNERLESS), ("b", "acme"), ("b", "globex"), ("c", OWNERLESS)}
    assert rows["a", OWNERLESS].timezone == "Europe/Berlin"
    assert (rows["b", "acme"].every_seconds, rows["b", "acme"].params) == (300, {"seconds": 1.5})
    assert (rows["c", OWNERLESS].once_at, rows["c", OWNERLESS].options) == (date, {"priority": 9})


def test_what_is_declared_fires_an_internal_type_too(schedules, acme):
    declare(Scheduled(Every(hours=1), tenants=["acme"]), internal=True)
    assert declared()[0].next_slot_at is not None
    (slot,) = schedules.fire_after(hours=1)
    assert slot.outcome == "fired"


def test_declarations_follow_the_code_and_nothing_else_does(acme, own_registry):
    declare(Scheduled("0 3 * * *", tenants=["acme"]))
    (row,) = declared()
    assert (declared(), acts()) == ([row], [("schedule.declare", row.name)])

    del own_registry[row.type]
    declare(Scheduled("0 4 * * *", tenants=["acme"]))
    (changed,) = declared()
    assert (changed.id, changed.cron, changed.next_slot_at.hour, changed.revision) == (row.id, "0 4 * * *", 4, 2)

    del own_registry[row.type]
    (resting,) = declared()
    assert resting.undeclared_at is not None
    assert not resting.is_active
    declare(Scheduled("0 4 * * *", tenants=["acme"]))
    (back,) = declared()
    assert (back.id, back.is_active) == (row.id, True)
    verbs = ["declare", "declare", "undeclare", "declare"]
    assert acts() == [(f"schedule.{verb}", row.name) for verb in verbs]


def test_people_may_pause_it_and_no_more_while_it_is_declared(schedules, acme, own_registry):
    declare(Scheduled("0 3 * * *", tenants=["acme"]))
    (row,) = declared()
    for verb, arguments in ((service.change, ({"cron": "0 4 * * *"},)), (service.delete, ())):
        with pytest.raises(DeclaredByCode, match="declared by the code"):
            schedules.act(verb, row, *arguments)
    schedules.act(service.pause, row)
    assert declared()[0].paused_at is not None
    schedules.act(service.resume, row)
    assert declared()[0].is_active
    del own_registry[row.type]
    declared()
    schedules.act(service.delete, row)
    assert declared() == []


def test_a_name_that_a_person_took_and_a_tenant_that_is_not_there_yet(schedules, acme, caplog):
    own = schedules.make(acme, name="sample.scheduled")
    declare(Scheduled("0 3 * * *", tenants=["acme", "initech"]))
    assert [row.id for row in declared()] == [own.id]
    assert "a person's schedule has this name" in caplog.text
    assert "there is no tenant 'initech'" in caplog.text
    with operator_scope("operator:test"):
        Tenant.objects.create(slug="initech", name="Initech")
    assert {row.tenant.slug for row in declared()} == {"acme", "initech"}


def test_they_do_not_count_for_the_limit(schedules, acme):
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"schedules": 1})
    declare([Scheduled("0 3 * * *", tenants=["acme"], name=name) for name in ("a", "b")])
    assert len(declared()) == 2
    schedules.make(acme)


def test_the_start_of_a_cluster_and_a_migrate_reconcile(acme, monkeypatch):
    declare("0 3 * * *")
    maintenance.run_once()
    with operator_scope("operator:test"):
        assert Schedule.objects.count() == 1
        Schedule.objects.all().delete()
    monkeypatch.setattr("queueapp.receivers.grant_after_migrate", lambda database: None)  # which takes the owner
    complete_installation(sender=apps.get_app_config("queueapp"), using="default")
    with operator_scope("operator:test"):
        assert Schedule.objects.count() == 1


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        ("61 * * * *", "has a schedule that cannot be: cron: has '61' as its minute"),
        (["0 3 * * *", "0 4 * * *"], "has two schedules named 'sample.scheduled'"),
        ([7], "has a schedule that cannot be: when: must be a cron expression, Cron, Every or Once; got 7"),
        (Scheduled("0 3 * * *", name="no name"), "has a schedule named 'no name', which no schedule may be"),
    ],
)
def test_what_cannot_be_stops_the_start(schedule, fault):
    with pytest.raises(ImproperlyConfigured) as refusal:
        declare(schedule)
    assert fault in str(refusal.value)


def test_a_declaration_that_no_slot_could_fire_fails_the_check():
    declare(
        [
            Scheduled("0 3 * * *", name="a", params={"seconds": "soon"}),
            Scheduled("0 3 * * *", name="b", options={"prio": 1}),
        ]
    )
    faults = faults_of_declarations()
    assert faults[0].startswith("The schedule 'a' of 'sample.scheduled': params.seconds: ")
    assert faults[1].startswith("The schedule 'b' of 'sample.scheduled': options.prio: ")
    with pytest.raises(SystemCheckError, match=r"taskrunner\.E008"):
        call_command("check")
