"""Schedules on the console: when they fire, what became of their slots, and what people do to them."""

import pytest

from queueapp.console import schedules as screen
from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.commands.calling import actions
from tests.schedules.conftest import Schedules


@pytest.fixture
def nightly(acme):
    members = {"name": "nightly", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "params": {"token": "s3cr3t"}}
    return Schedules().make(acme, **members)


def test_a_schedule_tells_when_it_fires_and_what_it_submitted(root, nightly):
    text = root.get("/console/all/schedules/").content.decode()
    assert "At 03:00 every day (Europe/Berlin)" in text and "acme" in text
    (slot,) = Schedules().fire_after(days=1)
    answer = root.get(f"/console/all/schedules/{nightly.id}/")
    assert len(answer.context["next_slots"]) == 5
    text = answer.content.decode()
    assert f'<a href="/console/all/tasks/{slot.task_id}/">' in text and "s3cr3t" not in text


def test_a_tenant_sees_its_own_and_parameters_only_by_right(acme, globex, nightly, member):
    stranger, own = member(globex, "operator"), member(acme, "viewer")
    assert not stranger.get("/console/globex/schedules/").context["lines"]
    assert stranger.get(f"/console/globex/schedules/{nightly.id}/").status_code == 404
    assert stranger.post(f"/console/globex/schedules/{nightly.id}/pause/").status_code == 404
    answer = own.get(f"/console/acme/schedules/{nightly.id}/")
    assert "params" not in answer.context and "Pause" not in answer.content.decode()


def test_it_is_paused_resumed_and_fired_on_record(acme, nightly, member):
    client, address = member(acme, "operator"), f"/console/acme/schedules/{nightly.id}/"
    assert "Its next slots do not fire: " in client.get(f"{address}pause/").content.decode()
    text = client.post(f"{address}pause/", {"reason": "the <source> is down"}, follow=True).content.decode()
    assert "the &lt;source&gt; is down" in text and "Resume…" in text
    client.post(f"{address}fire/")
    assert "fires again" in client.post(f"{address}resume/", follow=True).content.decode()
    with operator_scope("operator:test"):
        assert Task.objects.count() == 1
    client_acts = [(actor, action) for actor, action, target in actions() if target == "nightly"][-3:]
    assert client_acts == [("client:operator-of-acme", f"schedule.{verb}") for verb in ("pause", "fire", "resume")]


def test_the_list_has_pages(root, acme, monkeypatch):
    monkeypatch.setattr(screen, "PAGE_ROWS", 2)
    for name in ("a", "b", "c"):
        Schedules().make(acme, name=name)
    first = root.get("/console/all/schedules/")
    rest = root.get(f"/console/all/schedules/?before={first.context['older']}")
    names = [line.schedule.name for answer in (first, rest) for line in answer.context["lines"]]
    assert (names, rest.context["older"]) == (["c", "b", "a"], None)
    assert root.get("/console/all/schedules/?before=x").status_code == 400
