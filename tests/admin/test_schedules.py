"""Schedules in the admin: made and changed through the same checks, paused and fired; what code declares stays."""

import pytest

from queueapp.models import OperatorAction, Schedule, Task
from queueapp.tenancy import operator_scope
from tests.admin.pages import run_action, said

SCHEDULES = "/admin/queueapp/schedule/"


def form(acme, **members):
    given = {"name": "nightly", "type": "echo", "params": '{"msg": "x"}', "options": "", "cron": "0 3 * * *"}
    rest = {"every_seconds": "", "once_at_0": "", "once_at_1": "", "timezone": "Europe/Berlin"}
    return {"tenant": str(acme.id), **given, **rest, "missed": "latest", "overlap": "skip", **members}


@pytest.fixture
def nightly(root, acme):
    assert root.post(f"{SCHEDULES}add/", form(acme)).status_code == 302
    return schedule()


def schedule():
    with operator_scope("operator:test"):
        return Schedule.objects.get()


def noted():
    with operator_scope("operator:test"):
        return [(one.actor, one.action, one.target) for one in OperatorAction.objects.order_by("id")]


def errors_of(answer):
    return answer.context["adminform"].form.errors


def test_one_is_made_and_shows_its_next_slots(root, nightly):
    assert (nightly.cron, nightly.params, nightly.overlap) == ("0 3 * * *", {"msg": "x"}, "skip")
    assert "At 03:00 every day (Europe/Berlin)" in root.get(SCHEDULES).content.decode()
    page = root.get(f"{SCHEDULES}{nightly.pk}/change/").content.decode()
    assert page.count(" 03:00:00 CE") == 5


def test_one_is_changed_and_deleted(root, nightly, acme):
    address = f"{SCHEDULES}{nightly.pk}/"
    changed = form(acme, cron="", every_seconds="600", options='{"priority": 9}')
    assert root.post(f"{address}change/", changed).status_code == 302
    now = schedule()
    assert (now.cron, now.every_seconds, now.options, now.revision) == (None, 600, {"priority": 9}, 2)
    assert root.post(f"{address}change/", changed).status_code == 302
    assert schedule().revision == 2
    assert root.post(f"{address}delete/", {"post": "yes"}).status_code == 302
    assert noted() == [("operator:root", f"schedule.{verb}", "nightly") for verb in ("create", "change", "delete")]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"cron": ""}, "__all__"),
        ({"every_seconds": "60"}, "__all__"),
        ({"type": "nobody.knows"}, "type"),
        ({"type": "sleep", "params": '{"seconds": "soon"}'}, "params"),
        ({"params": "{"}, "params"),
        ({"params": "[" * 100_000}, "params"),
        ({"options": '{"queue": "nowhere"}'}, "options"),
        ({"name": "no name"}, "name"),
        ({"cron": "", "once_at_0": "2020-01-01", "once_at_1": "00:00"}, "once_at"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(root, acme, members, field):
    answer = root.post(f"{SCHEDULES}add/", form(acme, **members))
    assert answer.status_code == 200
    assert field in errors_of(answer)
    assert noted() == []


def test_actions(root, nightly):
    assert said(run_action(root, "pause", [nightly], address=SCHEDULES))[-1] == "Paused: nightly."
    assert schedule().paused_at is not None
    assert said(run_action(root, "resume", [nightly], address=SCHEDULES))[-1] == "Resumed: nightly."
    assert schedule().paused_at is None
    run_action(root, "fire", [nightly], address=SCHEDULES)
    with operator_scope("operator:test"):
        task = Task.objects.get()
    assert str(task.id) in root.get(f"{SCHEDULES}{nightly.pk}/change/").content.decode()


def test_what_code_declares_is_only_looked_at_and_paused(root, nightly, acme):
    with operator_scope("operator:test"):
        Schedule.objects.update(declared_by_code=True)
    address = f"{SCHEDULES}{nightly.pk}/"
    assert root.post(f"{address}change/", form(acme, cron="0 4 * * *")).status_code == 302
    assert schedule().cron == "0 3 * * *"
    assert root.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    run_action(root, "pause", [nightly], address=SCHEDULES)
    assert schedule().paused_at is not None


def test_who_may_only_look_changes_nothing(watcher, nightly):
    assert run_action(watcher, "pause", [nightly], address=SCHEDULES).status_code == 403
    assert watcher.get(f"{SCHEDULES}{nightly.pk}/change/").status_code == 200
